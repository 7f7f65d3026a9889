"""The heartbeat and the health check that containers call."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from services.common.heartbeat import Heartbeat, main


def test_a_beat_makes_the_file_and_its_folder_and_starts_the_age_anew(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "heartbeat"
    heartbeat = Heartbeat(file)
    assert heartbeat.age_seconds(0.0) is None

    heartbeat.beat()
    os.utime(file, (1_000.0, 1_000.0))
    assert heartbeat.age_seconds(1_007.5) == 7.5

    heartbeat.beat()
    assert file.stat().st_mtime > 1_000.0


def test_the_check_says_that_there_never_was_a_beat(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "heartbeat"

    assert main([str(file)]) == 1
    assert capsys.readouterr().out == f"unhealthy: {file} was never marked\n"


@pytest.mark.parametrize(
    ("age_seconds", "code", "said"),
    [
        (0, 0, r"healthy: last mark -?\d+ s ago, limit 600 s\n"),
        (86_400, 1, r"unhealthy: last mark 86\d{3} s ago, limit 600 s\n"),
    ],
    ids=["fresh", "old"],
)
def test_the_check_compares_the_age_with_the_limit(
    age_seconds: int,
    code: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "heartbeat"
    file.touch()
    marked = time.time() - age_seconds
    os.utime(file, (marked, marked))

    assert main([str(file), "--max-age", "600"]) == code
    assert re.fullmatch(said, capsys.readouterr().out)


def test_help_says_what_the_exit_codes_mean(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert "Exit 0 if FILE was marked within the last SECONDS, else 1." in capsys.readouterr().out
