"""What is told of a series after a round: whatever changed, a viewer that takes it has it all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.live.changes import Changed, Rows
from services.dashboard.live.snapshot_horizon import (
    LONGEST,
    STAMPED_BEFORE,
    Snapshot,
    SnapshotHorizon,
)

series = st.dictionaries(st.integers(0, 9), st.integers(0, 2)).map(
    lambda found: [(float(at), found[at]) for at in sorted(found)]
)


def taken(known: Rows, told: Changed) -> Rows:
    """Return what a viewer shows of candles, as the page does it."""
    since = told.candles_since
    if since is None:
        return known
    return [row for row in known if row[0] < since] + told.candles


@given(series, series)
def test_candles_follow_whatever_became_of_them(before: Rows, after: Rows) -> None:
    first = (0.0, 0)  # of a session before, which both rounds begin with
    old, new = [first, *(r for r in before if r[0])], [first, *(r for r in after if r[0])]
    told = Changed(candles=new).since(Changed(candles=old))
    assert taken(old, told) == new
    assert (told.candles_since is None) == (old == new)


@given(series, series)
def test_a_stored_bar_is_told_unless_it_was_as_it_is(before: Rows, after: Rows) -> None:
    told = Changed(bars=after, indicators=after).since(Changed(bars=before, indicators=before))
    assert {*told.bars} == {*after} - {*before}
    assert told.bars == told.indicators == sorted(told.bars)


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def horizons(snapshots: list[tuple[float, int, int]]) -> list[float]:
    """Return the seconds before noon that each is after, of (second, oldest running, next id)."""
    horizon = SnapshotHorizon()
    found: list[Any] = [
        horizon.after(Snapshot(NOON + timedelta(seconds=at), oldest, following))
        for at, oldest, following in snapshots
    ]
    return [(one - NOON + STAMPED_BEFORE).total_seconds() for one in found]


@pytest.mark.parametrize(
    ("snapshots", "seconds"),
    [
        # Nothing is running: what comes is stamped from now on.
        ([(0, 10, 10), (1, 12, 12)], [0, 1]),
        # 12 has been running since some time after the first.
        ([(0, 12, 12), (8, 12, 15), (20, 12, 30), (21, 31, 31)], [0, 0, 0, 21]),
        # It is older than all that is known, and then older than is waited for.
        ([(0, 3, 10), (1, 3, 11)], [-60, -59]),
        ([(0, 10, 10), (50, 10, 20), (90, 10, 30)], [0, 0, 30]),
    ],
)
def test_what_is_still_unseen_is_stamped_after(
    snapshots: list[tuple[float, int, int]], seconds: list[float]
) -> None:
    assert timedelta(seconds=60) == LONGEST
    assert horizons(snapshots) == seconds
