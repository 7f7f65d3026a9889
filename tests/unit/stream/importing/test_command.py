"""Files that cannot be read, among others that can."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.stream.files.layout import Answers, FileError, UnansweredError
from services.stream.importing.command import expected_rows, main, recognised
from services.stream.importing.sources import sources
from tests.unit.stream.files.samples import SEEN, write, zipped

LOG = logging.getLogger("test")
RAW = Answers(symbol="AAPL", basis="raw")
ROWS = ("date,open,high,low,close", "2026-11-27,10,12,9,11")


def _cut(folder: Path) -> Path:
    path = zipped(folder, "cut.zip", {"a.csv": "\n".join(ROWS)})
    path.write_bytes(path.read_bytes()[:-30])
    return path


def test_files_that_cannot_be_read_are_named_and_others_are_imported(tmp_path: Path) -> None:
    good = [write(tmp_path, f"{name}.csv", *ROWS) for name in "ab"]
    # The system refuses to look for such a name, as it does in a folder that others may not enter.
    long, absent = tmp_path / ("x" * 300), tmp_path / "absent.csv"

    found, broken = recognised([good[0], _cut(tmp_path), long, absent, good[1]], RAW, LOG)

    assert [path for path, _ in found] == good
    assert broken == [
        "cut.zip is damaged or ends early: File is not a zip file; fetch it again",
        f"{long} cannot be read by user id {os.getuid()}: File name too long",
        f"{absent} is no file",
    ]


def test_what_is_to_be_answered_stops_before_anything_is_imported(tmp_path: Path) -> None:
    with pytest.raises(UnansweredError, match="--basis"):
        recognised([_cut(tmp_path), write(tmp_path, "a.csv", *ROWS)], Answers(symbol="AAPL"), LOG)


def test_a_file_that_goes_away_meanwhile_is_said_in_a_line(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", *ROWS)
    found, _ = recognised([path], RAW, LOG)
    path.unlink()

    with pytest.raises(FileError) as raised:
        sources(found, {}, SEEN)

    reason = f"{path} cannot be read by user id {os.getuid()}: No such file or directory"
    assert str(raised.value) == reason


def test_a_file_that_is_gone_has_no_rows_to_wait_for(tmp_path: Path) -> None:
    paths = [write(tmp_path, "a.csv", *ROWS), write(tmp_path, "b.csv", *ROWS, *ROWS[1:])]
    found, _ = recognised(paths, RAW, LOG)
    on_their_way = sources(found, {}, SEEN)
    paths[0].unlink()

    assert expected_rows(on_their_way, found) == 3


@pytest.fixture
def _logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.mark.usefixtures("_logging_restored")
def test_of_broken_files_alone_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "spark-sql-kafka-0-10.jar").touch()
    monkeypatch.setenv("CONNECTOR_JARS_DIR", str(tmp_path))
    monkeypatch.setenv("POSTGRES_PASSWORD", "unused")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)

    code = main([str(_cut(tmp_path)), "--symbol", "AAPL"])

    said = capsys.readouterr().out.splitlines()
    assert code == 1
    assert [line.split("cut.zip")[1] for line in said] == [
        " is damaged or ends early: File is not a zip file; fetch it again"
    ] * 2
