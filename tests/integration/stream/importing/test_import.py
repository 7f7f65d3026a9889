"""Files of bars through the whole command: Spark, the sink, the ledger, the dead letters."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from services.common import topics
from services.stream.sink.offset_ledger import OffsetRange
from tests.fixtures.live import Stream
from tests.fixtures.market import Market, Topic

NAMES = "time,open,high,low,close,volume"
SEEN = datetime(2026, 11, 28, 12, tzinfo=UTC)
OPTIONS = ("--symbol", "AAPL", "--interval", "1min", "--zone", "America/New_York")
RAW = ("--basis", "raw")


def _written(folder: Path, name: str, *lines: str, seen: datetime = SEEN) -> str:
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in (NAMES, *lines)), "utf-8")
    os.utime(path, (seen.timestamp(), seen.timestamp()))
    return str(path)


def _minutes(count: int) -> list[str]:
    return [
        f"2026-11-27 {10 + minute // 60}:{minute % 60:02}:00,10.5,11,10,10.75,{minute}"
        for minute in range(count)
    ]


def test_a_file_is_a_source_of_the_ledger(
    stream: Stream, bars_topic: Topic, tmp_path: Path
) -> None:
    refused = ["2026-11-01 01:30:00,10.5,11,10,10.75,1", "2026-11-27 16:00:00,10.5,9,10,10.75,1"]
    file = _written(tmp_path, "AAPL.csv", *_minutes(120), *refused)
    newer = SEEN.replace(hour=13)
    later = _written(tmp_path, "later.csv", _minutes(1)[0].replace("10.75", "10.80"), seen=newer)
    cut = tmp_path / "cut.zip"
    cut.write_bytes(b"PK\x03\x04")
    command = ("services.stream.importing", file, *OPTIONS, *RAW)

    asked = stream.run("services.stream.importing", file, *OPTIONS)
    dry = stream.run(*command, "--label", "start", "--dry-run")
    nothing = stream.market.rows("select count(*) from market.events_stream")
    first = stream.run(*command, "--label", "start")
    second = stream.run(*command, str(cut), later, "--label", "start")

    assert asked.returncode == 2
    assert (
        "AAPL.csv (named columns) does not tell all: add --label start|end (what the time of a bar "
        "is), --basis raw|split|total (what prices are adjusted for)"
    ) in asked.stdout
    assert "nothing written: 120 new, 0 changed, 0 equal or older, 2 rejected" in dry.stdout
    assert (
        "AAPL 1min 2026-11-27 15:00:00 UTC open 10.5 high 11 low 10 close 10.75 volume 0"
        in dry.stdout
    )
    assert "1 ambiguous_time, 1 inconsistent_ohlc; the first is AAPL.csv:122" in dry.stdout
    assert nothing == [(0,)]
    assert "done: 120 new, 0 changed, 0 equal or older, 2 rejected" in first.stdout, first.stdout
    assert "done: 0 new, 1 changed, 0 equal or older, 0 rejected" in second.stdout, second.stdout
    assert (first.returncode, second.returncode) == (0, 1)
    assert "cut.zip is damaged or ends early" in second.stdout.splitlines()[-1]
    _require_stored(stream.market, Path(file))
    dead_letters = Topic(bars_topic.bootstrap, topics.REJECTED.name)
    assert dead_letters.ranges() == {0: OffsetRange(0, 2)}
    reconciled = stream.run("services.stream.reconcile")
    assert reconciled.returncode == 0, reconciled.stdout
    assert (
        "2 imported files, which are not in Kafka: 123 rows = stored 121 + superseded 0 + rejected "
        "2; the checks hold them against the tables"
    ) in reconciled.stdout


def _require_stored(market: Market, file: Path) -> None:
    assert market.rows(
        "select count(*), count(distinct kafka_offset), min(kafka_partition), max(source), "
        "max(basis), max(observed_at) filter (where revision = 1) from market.events_stream"
    ) == [(120, 120, -1, "file", "raw", SEEN)]
    assert market.rows(
        "select close, kafka_offset, revision from market.events_stream order by bar_time limit 1"
    ) == [(Decimal("10.80"), 1 << 32, 2)]
    [first, _] = file.read_bytes().splitlines()[-2:]
    assert market.rows(
        "select starts_with(topic, 'file:'), kafka_partition, kafka_offset, key, value, reason "
        "from market.rejected_events order by kafka_offset limit 1"
    ) == [(True, -1, 120, b"AAPL", b"AAPL.csv:122\t" + first, "ambiguous_time")]
    assert market.rows(
        "select partition, first_offset, next_offset, stored, superseded, rejected, lost "
        "from market.sink_offsets order by first_offset"
    ) == [(-1, 0, 122, 120, 0, 2, 0), (-1, 1 << 32, (1 << 32) + 1, 1, 0, 0, 0)]
