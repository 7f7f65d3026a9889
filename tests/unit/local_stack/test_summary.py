"""What was counted adds up, and is told as it was counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scripts.local_stack.servers.database import Latency, LedgerRow
from scripts.local_stack.summary import (
    LATENCY_SCOPE,
    Counts,
    Result,
    as_json,
    as_text,
    count,
    rate,
    status_line,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
COUNTS = Counts(produced=1010, stored=900, superseded=98, rejected=2, lag=10)


def test_count_compares_kafka_with_the_ledger() -> None:
    ledger = [
        LedgerRow(0, first_offset=0, next_offset=8, stored=5, superseded=2, rejected=1),
        LedgerRow(1, first_offset=3, next_offset=5, stored=2, superseded=0, rejected=0),
    ]
    assert count({0: 0, 1: 3, 2: 4}, {0: 10, 1: 5, 2: 7}, ledger) == Counts(
        produced=15, stored=7, superseded=2, rejected=1, lag=5
    )


def test_count_never_shows_a_negative_lag() -> None:
    # The ledger is read after Kafka, so it may have moved past what Kafka said.
    ledger = [LedgerRow(0, first_offset=0, next_offset=12, stored=12, superseded=0, rejected=0)]
    assert count({0: 0}, {0: 10}, ledger).lag == 0


@given(st.lists(st.tuples(*[st.integers(0, 1000)] * 4), min_size=1, max_size=6))
def test_produced_is_stored_superseded_rejected_and_lag(
    partitions: list[tuple[int, int, int, int]],
) -> None:
    ledger, ends = [], {}
    for number, (stored, superseded, rejected, waiting) in enumerate(partitions):
        reached = stored + superseded + rejected
        ledger.append(LedgerRow(number, 0, reached, stored, superseded, rejected))
        ends[number] = reached + waiting
    counts = count(dict.fromkeys(ends, 0), ends, ledger)
    assert counts.produced == counts.stored + counts.superseded + counts.rejected + counts.lag


def test_rate() -> None:
    assert rate(100, NOW - timedelta(seconds=4), NOW) == 25.0
    assert rate(0, NOW, NOW) is None
    assert rate(100, None, NOW) is None


def test_status_line() -> None:
    newest = {"AAPL": datetime(2026, 11, 10, 15, 41, tzinfo=UTC)}
    assert status_line(COUNTS, datetime(2026, 11, 10, 15, 42, tzinfo=UTC), newest) == (
        "market Tue 10 Nov 15:42  produced 1,010  stored 900  rejected 2  lag 10  "
        "newest (UTC): AAPL 15:41"
    )
    assert status_line(COUNTS, NOW, {}).endswith("newest (UTC): none yet")


RESULT = Result(
    counts=COUNTS,
    stored_this_run=800,
    seconds=60.04,
    setup_seconds=0.26,
    seconds_to_first_row=14.21,
    rows_per_second=17.77,
    latency=Latency(rows=300, p50_seconds=0.4321, p99_seconds=0.9876),
    memory_mb={"kafka": 320.4, "stream": 1000.2},
    newest={"AAPL": NOW},
)


def test_as_json() -> None:
    assert as_json(RESULT, {"simulated": True}) == {
        "produced": 1010,
        "stored": 900,
        "superseded": 98,
        "rejected": 2,
        "lag": 10,
        "stored_this_run": 800,
        "rows_per_second": 17.8,
        "latency": {
            "measured": LATENCY_SCOPE,
            "rows": 300,
            "p50_seconds": 0.432,
            "p99_seconds": 0.988,
        },
        "seconds": 60.0,
        "setup_seconds": 0.3,
        "seconds_to_first_row": 14.2,
        "memory_mb": {"kafka": 320, "stream": 1000},
        "newest": {"AAPL": "2026-11-23T12:00:00+00:00"},
        "simulated": True,
    }


def test_as_text() -> None:
    assert as_text(RESULT) == (
        "  produced 1,010 = stored 900 + superseded 98 + rejected 2 + not read yet 10\n"
        "  stored in this run 800, 18 a second since the first row\n"
        "  first row after 14.2 s (and 0.3 s of setup)\n"
        "  latency p50 0.43 s, p99 0.99 s over 300 bars\n"
        "  memory in MB: kafka 320, stream 1,000, in all 1,321"
    )
