"""When a file counts as written, and what that makes of its bars."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.stream.files.layout import Answers
from services.stream.files.recognise import recognise
from services.stream.importing.checks import unseen
from services.stream.importing.options import import_parser
from services.stream.importing.sources import Known, Source, sources
from services.stream.importing.survey import survey
from tests.unit.stream.files.samples import write

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MINUTE = Answers(
    symbol="AAPL", interval="1min", zone="America/New_York", label="start", basis="raw"
)


def _source(
    folder: Path,
    row: str,
    modified: datetime,
    observed_at: datetime | None = None,
    known: dict[str, Known] | None = None,
) -> Source:
    path = write(folder, "x.csv", "time,open,high,low,close,volume", f"{row},10,12,9,11,5")
    os.utime(path, (modified.timestamp(), modified.timestamp()))
    answers = MINUTE if " " in row else Answers(symbol="AAPL", basis="raw")
    [found] = sources([(path, recognise(path, answers))], known or {}, NOW, observed_at)
    return found


@pytest.mark.parametrize(
    ("row", "modified", "said"),
    [
        ("2026-11-27 10:00:00", datetime(2026, 11, 27, 15, tzinfo=UTC), None),
        ("2026-11-27 10:00:00", NOW + timedelta(days=900), None),
        ("2026-11-27", datetime(2026, 11, 26, 15, 1, tzinfo=UTC), None),
        (
            "2026-11-27 10:00:00",
            datetime(2026, 11, 27, 14, 59, tzinfo=UTC),
            "2026-11-27 14:59:00 UTC, before its bar of 2026-11-27 15:00:00 UTC",
        ),
        (
            "2026-11-27",
            datetime(1970, 1, 1, tzinfo=UTC),
            "1970-01-01 00:00:00 UTC, before its bar of 2026-11-27",
        ),
    ],
)
def test_a_file_that_counts_as_older_than_its_bars_is_asked_about(
    tmp_path: Path, row: str, modified: datetime, said: str | None
) -> None:
    source = _source(tmp_path, row, modified)

    found = survey(source, {}, NOW)

    assert (found.rows, found.reasons) == (1, Counter())
    assert unseen(source, found) == (
        None
        if said is None
        else f"x.csv counts as written on {said}: tell when it was downloaded (--observed-at "
        "INSTANT)"
    )


def test_bars_after_today_are_refused_rather_than_asked_about(tmp_path: Path) -> None:
    source = _source(tmp_path, "2026-12-27", datetime(1970, 1, 1, tzinfo=UTC))

    found = survey(source, {}, NOW)

    assert (found.reasons, unseen(source, found)) == (Counter(time_out_of_range=1), None)


def test_a_file_that_is_said_to_be_newer_is_read_anew(tmp_path: Path) -> None:
    old, row = datetime(1970, 1, 1, tzinfo=UTC), "2026-11-27"
    before = _source(tmp_path, row, old)
    known = {before.topic: Known(before.number, before.observed_at, 1, 0, 0, 1)}

    again = _source(tmp_path, row, NOW, known=known)
    said = _source(tmp_path, row, old, NOW, known)

    assert (again.number, again.observed_at, again.begun) == (0, old, 1)
    assert (said.number, said.observed_at, said.begun) == (1, NOW, 0)
    assert said.topic.rpartition(":")[0] == before.topic.rpartition(":")[0]
    assert unseen(said, survey(said, {}, NOW)) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-11-28T09:30:00", "is no instant such as 2026-11-28T09:30:00Z"),
        ("yesterday", "is no instant such as 2026-11-28T09:30:00Z"),
        ("2126-11-28T09:30:00Z", "is in the future"),
    ],
)
def test_an_instant_has_a_zone_and_is_past(
    capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    parser = import_parser()

    found = parser.parse_args(["x.csv", "--observed-at", "2026-11-28T09:30:00+02:00"])

    assert found.observed_at == datetime(2026, 11, 28, 7, 30, tzinfo=UTC)
    with pytest.raises(SystemExit):
        parser.parse_args(["x.csv", "--observed-at", text])
    assert capsys.readouterr().err.endswith(f"argument --observed-at: {text!r} {reason}\n")
