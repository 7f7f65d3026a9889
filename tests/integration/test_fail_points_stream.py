"""Dies at every fail point of the stream and the replay, one after the other, and is started again.

Each start goes on where the last death left the pipeline, with new records on top; in the end
the table is what the records say, row by row, and every record is accounted for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from services.common import fail_points
from services.common.bar import Bar
from tests.bars import bar, record
from tests.fixtures.live import Stream, log_of
from tests.fixtures.market import Row, Topic

DIED = fail_points.EXIT_CODE
IN_THE_DRIVER = [point for point in fail_points.POINTS if point.startswith(("sink.", "job."))]
IN_A_WORKER = [
    point for point in IN_THE_DRIVER if point.startswith("sink.") and point != "sink.batch_begun"
]
IN_A_REPLAY = [point for point in fail_points.POINTS if point.startswith("replay.")]
CHECKS = sorted((Path(__file__).parents[2] / "sql" / "checks").glob("*.sql"))
STORED = "select symbol, close, observed_at from market.events_stream order by symbol"
START = datetime.fromisoformat("2025-11-06T20:00:00+00:00")


def step_bars(step: int) -> list[Bar]:
    """Return what one step sends: a new bar, its correction, a repeat, and one observed late."""
    first = observed(step, 0, f"N{step:02}")
    second = observed(step, 2, f"N{step:02}")
    late = observed(step, 1, f"N{step:02}")
    return [first, second, first, late, observed(step, 3, "AAPL")]


def observed(step: int, part: int, symbol: str) -> Bar:
    seconds = step * 10 + part
    seen = START + timedelta(seconds=seconds)
    price = f"{1 + seconds / 100:.2f}"
    return bar(
        {"open": "1.00", "high": "99.00", "low": "0.50", "close": price},
        symbol=symbol,
        observed_at=seen.isoformat().replace("+00:00", "Z"),
    )


def expected(steps: int) -> list[Row]:
    """Return the table's rows: of each bar the newest observation."""
    newest: dict[str, Bar] = {}
    for event in (event for step in range(steps) for event in step_bars(step)):
        known = newest.setdefault(event.symbol, event)
        if event.observed_at > known.observed_at:
            newest[event.symbol] = event
    return [
        (name, Decimal(f"{event.ohlcv.close}0000"), datetime.fromisoformat(event.observed_at))
        for name, event in sorted(newest.items())
    ]


def send(topic: Topic, step: int, *, rejected: bool) -> int:
    """Send a step's records; return how many."""
    records = [record(event) for event in step_bars(step)]
    if rejected:
        records.append((b"AAPL", f"no bar {step}".encode()))
    topic.send(*records)
    return len(records)


def assert_exact(stream: Stream, steps: int) -> None:
    assert stream.market.rows(STORED) == expected(steps)
    assert {file.stem: stream.market.rows(file.read_text("utf-8")) for file in CHECKS} == {
        file.stem: [] for file in CHECKS
    }
    stream.reconcile()


def die_at_each(
    stream: Stream, topic: Topic, points: Sequence[str], code: int, **environment: str
) -> None:
    sent = 0
    rejected = environment.get("DRIVER_ROWS") == "0"
    for step, point in enumerate(points):
        sent += send(topic, step, rejected=rejected)
        child = stream.start(FAIL_AT=point, **environment)
        assert child.process.wait(120) == code, f"{point}: {log_of(child)}"
    sent += send(topic, len(points), rejected=rejected)
    stream.start(**environment)
    stream.wait_for_offset(sent)
    assert_exact(stream, len(points) + 1)


@pytest.mark.timeout(900)
def test_the_job_may_die_at_any_point(stream: Stream, bars_topic: Topic) -> None:
    points = [point for point in IN_THE_DRIVER if point != "sink.rejected_published"]
    die_at_each(stream, bars_topic, points, DIED)
    assert stream.market.rows("select count(*) from market.rejected_events") == [(0,)]


@pytest.mark.timeout(900)
def test_a_worker_of_spark_may_die_at_any_point(stream: Stream, bars_topic: Topic) -> None:
    # The job ends with it, loudly; its supervisor starts it again.
    die_at_each(stream, bars_topic, IN_A_WORKER, 1, DRIVER_ROWS="0")
    steps = len(IN_A_WORKER) + 1
    assert stream.market.rows(
        "select convert_from(value, 'UTF8'), reason from market.rejected_events order by 1"
    ) == [(f"no bar {step}", "malformed_json") for step in range(steps)]


@pytest.mark.parametrize("point", IN_A_REPLAY)
def test_a_replay_may_die_in_the_middle(stream: Stream, bars_topic: Topic, point: str) -> None:
    sent = sum(send(bars_topic, step, rejected=False) for step in range(3))
    stream.start()
    stream.wait_for_offset(sent)
    stream.market.run("delete from market.events_stream")
    stream.market.run("delete from market.bar_revisions")
    stream.environment["MAX_OFFSETS_PER_TRIGGER"] = "4"

    dead = stream.run("services.stream.replay", "--from", "1h", FAIL_AT=f"{point}:2")
    assert dead.returncode == DIED, dead.stderr
    again = stream.run("services.stream.replay", "--from", "1h")

    assert again.returncode == 0, again.stderr
    assert stream.market.rows(STORED) == expected(3)


def test_every_point_of_the_stream_is_tried() -> None:
    tried = {*IN_THE_DRIVER, *IN_A_WORKER, *IN_A_REPLAY}
    assert {point for point in fail_points.POINTS if not point.startswith("producer.")} == tried
