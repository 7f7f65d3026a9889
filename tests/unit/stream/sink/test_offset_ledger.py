"""The ledger's arithmetic: nothing twice, nothing lost, however a range is cut into batches."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.stream.sink.offset_ledger import (
    Move,
    OffsetGapError,
    OffsetRange,
    Tally,
    moves,
    pending,
)

tallies = st.builds(
    Tally,
    good=st.integers(0, 9),
    bad=st.integers(0, 9),
    oldest_ms=st.none() | st.integers(0, 9),
    added=st.integers(0, 9),
    changed=st.integers(0, 9),
)


@pytest.mark.parametrize(
    ("ledger", "batch", "rest"),
    [
        pytest.param({}, {0: OffsetRange(3, 9)}, {0: OffsetRange(3, 9)}, id="new partition"),
        pytest.param({0: 3}, {0: OffsetRange(3, 9)}, {0: OffsetRange(3, 9)}, id="goes on"),
        pytest.param({0: 5}, {0: OffsetRange(3, 9)}, {0: OffsetRange(5, 9)}, id="half known"),
        pytest.param({0: 9}, {0: OffsetRange(3, 9)}, {}, id="all known"),
        pytest.param({0: 99}, {0: OffsetRange(3, 9)}, {}, id="long past"),
        pytest.param({0: 9}, {0: OffsetRange(9, 9)}, {}, id="empty"),
        pytest.param({}, {0: OffsetRange(0, 0)}, {}, id="new and empty"),
        pytest.param(
            {0: 9, 1: 1, 5: 7},
            {0: OffsetRange(3, 9), 1: OffsetRange(1, 2), 2: OffsetRange(0, 1)},
            {1: OffsetRange(1, 2), 2: OffsetRange(0, 1)},
            id="each partition by itself",
        ),
    ],
)
def test_pending_is_what_the_ledger_does_not_have(
    ledger: dict[int, int], batch: dict[int, OffsetRange], rest: dict[int, OffsetRange]
) -> None:
    assert pending(ledger, batch) == rest


def test_a_hole_is_refused_unless_it_is_accepted() -> None:
    ledger, batch = {0: 3}, {0: OffsetRange(5, 9)}

    with pytest.raises(OffsetGapError) as caught:
        pending(ledger, batch)

    partition, ends, begins, skipped = re.findall(r"\d+", str(caught.value))
    assert (partition, ends, begins, skipped) == ("0", "3", "5", "2")
    assert pending(ledger, batch, accept_lost=True) == batch
    assert moves(ledger, batch, {0: Tally(good=4, added=3, changed=1)}) == [
        Move(partition=0, start=3, until=9, stored=4, superseded=0, rejected=0, lost=2)
    ]


def test_moves_are_in_order_of_the_partition_and_count_what_had_no_record() -> None:
    applied = {2: OffsetRange(0, 5), 0: OffsetRange(10, 16)}
    seen = {0: Tally(good=3, bad=2, oldest_ms=7, changed=1)}

    assert moves({0: 10}, applied, seen) == [
        Move(partition=0, start=10, until=16, stored=1, superseded=2, rejected=2, lost=1),
        Move(partition=2, start=0, until=5, stored=0, superseded=0, rejected=0, lost=5),
    ]


@given(tallies, tallies, tallies)
def test_tallies_add_up_in_any_order(first: Tally, second: Tally, third: Tally) -> None:
    assert first + second == second + first
    assert (first + second) + third == first + (second + third)
    assert first + Tally() == first


def test_the_oldest_time_survives_the_sum() -> None:
    assert Tally(1, 2, 50, 1) + Tally(10, 20, 30, 5) == Tally(11, 22, 30, 6)
    assert Tally(oldest_ms=50) + Tally() == Tally(oldest_ms=50)


OUTCOMES = st.lists(st.sampled_from("srxl"), min_size=1, max_size=40)
"""What becomes of each offset: stored, rejected, superseded (x), or no record at all (l)."""


CUTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12)


@given(OUTCOMES, st.integers(0, 1000), CUTS)
def test_any_cutting_into_overlapping_batches_adds_up_to_the_same(
    outcomes: list[str], first: int, cuts: list[tuple[int, int]]
) -> None:
    ledger: dict[int, int] = {}
    applied: list[int] = []
    totals = {"stored": 0, "superseded": 0, "rejected": 0, "lost": 0}
    end = first + len(outcomes)

    for back, length in [*cuts, (len(outcomes), 2 * len(outcomes))]:
        known = ledger.get(0, first)
        start = max(first, known - back)
        batch = {0: OffsetRange(start, min(end, start + length))}
        rest = pending(ledger, batch)
        for move in moves(ledger, rest, count(outcomes, first, rest)):
            applied += range(rest[0].start, rest[0].until)
            assert move.start == known
            for name in totals:
                totals[name] += getattr(move, name)
            ledger[0] = move.until

    assert applied == list(range(first, end))
    assert totals == {
        "stored": outcomes.count("s"),
        "superseded": outcomes.count("x"),
        "rejected": outcomes.count("r"),
        "lost": outcomes.count("l"),
    }


def count(outcomes: list[str], first: int, ranges: dict[int, OffsetRange]) -> dict[int, Tally]:
    return {
        partition: Tally(
            good=sum(mark in "sx" for mark in part),
            bad=part.count("r"),
            added=part.count("s"),
        )
        for partition, offsets in ranges.items()
        if (part := outcomes[offsets.start - first : offsets.until - first])
    }
