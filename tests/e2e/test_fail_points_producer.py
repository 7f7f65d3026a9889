"""Dies at every fail point of the producer and is started again: no bar is missing afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.common import fail_points
from tests.e2e.recorded import RecordedBar, write_csv
from tests.e2e.test_real_bars import STORED, Pipeline, clock_at, expected, pipeline
from tests.fixtures.live import log_of

__all__ = ["pipeline"]

POINTS = [point for point in fail_points.POINTS if point.startswith("producer.")]
DAYS = 5


def symbol(step: int) -> str:
    return f"P{step:02}"


def recorded(steps: int) -> list[RecordedBar]:
    """Return some days of bars for each symbol, no two alike."""
    return [
        RecordedBar(
            symbol=symbol(step),
            interval="1d",
            exchange_time=f"2018-12-{day + 10:02}",
            open=f"{100 + step}.{day}200",
            high=f"{100 + step}.{day}900",
            low=f"{100 + step}.{day}100",
            close=f"{100 + step}.{day}300",
            volume=str(1000 * step + day),
            exchange_tz="US/Eastern",
        )
        for step in range(steps)
        for day in range(DAYS)
    ]


@pytest.mark.timeout(900)
def test_the_producer_may_die_at_any_point(pipeline: Pipeline, tmp_path: Path) -> None:
    bars = recorded(len(POINTS) + 1)
    clock = clock_at("2019-01-02T12:00:00")
    url = pipeline.start_simulator(write_csv(bars, tmp_path / "bars.csv"), clock, faults="")
    pipeline.stream.start()
    for step, point in enumerate(POINTS):
        # One more symbol each time: there is always something new to die over.
        symbols = ",".join(symbol(number) for number in range(step + 1))
        # The third record: some are sent, others are not.
        fail_at = f"{point}:3" if point == "producer.record_sent" else point
        child = pipeline.start_producer(
            url, clock, SYMBOLS=symbols, INTERVALS="1d", FAIL_AT=fail_at
        )
        assert child.process.wait(60) == fail_points.EXIT_CODE, f"{point}: {log_of(child)}"

    everything = ",".join(symbol(number) for number in range(len(POINTS) + 1))
    pipeline.start_producer(url, clock, SYMBOLS=everything, INTERVALS="1d")
    pipeline.wait_until_stored(len(bars))

    assert pipeline.stream.market.rows(STORED) == expected(bars)
    assert pipeline.stream.market.rows("select count(*) from market.rejected_events") == [(0,)]
    pipeline.stream.reconcile()
