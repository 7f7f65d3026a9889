from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta

import pytest

from services.producer.progress import Completion, Progress, newest_time
from services.producer.series import COMPACT, FULL, Coverage, Series, Slice

SERIES = Series("AAPL", "5min")
THEN = datetime(2025, 11, 6, 15, 0, tzinfo=UTC)
NOW = datetime(2025, 11, 6, 16, 0, tzinfo=UTC)
KNOWN = Coverage(THEN, "2025-11-06 09:55:00", THEN)
ZONE = "US/Eastern"
MONTH = Slice("month", "2025-09")


def test_a_first_full_answer_covers_the_series() -> None:
    progress = Progress(SERIES, premium=True, coverage=None)
    assert progress.next_part(live=True, slices=[FULL]) == FULL
    done = progress.complete(FULL, {"2025-11-06 10:00:00", "2025-11-06 10:05:00"}, NOW, ZONE)
    assert done == Completion(coverage=Coverage(NOW, "2025-11-06 10:05:00", NOW))
    assert progress.coverage == done.coverage


def test_an_outage_is_covered_only_when_its_last_month_is_in_kafka() -> None:
    progress = Progress(SERIES, premium=True, coverage=KNOWN)
    assert progress.next_part(live=True, slices=[FULL, MONTH]) == FULL
    assert progress.complete(FULL, {"2025-11-06 10:55:00"}, NOW, ZONE) == Completion()
    assert progress.coverage == KNOWN
    assert progress.next_part(live=False, slices=()) == MONTH
    later = NOW + timedelta(minutes=5)
    assert progress.complete(MONTH, {"2025-09-01 10:00:00"}, later, ZONE) == Completion(
        coverage=Coverage(NOW, "2025-11-06 10:55:00", THEN)
    )


def test_an_answer_that_does_not_reach_back_is_followed_by_a_longer_one() -> None:
    progress = Progress(SERIES, premium=True, coverage=KNOWN)
    progress.next_part(live=True, slices=[COMPACT])
    assert progress.complete(COMPACT, {"2025-11-06 10:55:00"}, NOW, ZONE) == Completion()
    assert progress.next_part(live=False, slices=()) == FULL
    assert progress.complete(FULL, {"2025-11-06 10:55:00"}, NOW, ZONE) == Completion(
        coverage=Coverage(NOW, "2025-11-06 10:55:00", THEN)
    )


def test_a_free_key_cannot_reach_back_and_the_gap_is_told() -> None:
    progress = Progress(SERIES, premium=False, coverage=KNOWN)
    progress.next_part(live=True, slices=[COMPACT])
    assert progress.complete(COMPACT, {"2025-11-06 10:55:00"}, NOW, ZONE) == Completion(
        coverage=Coverage(NOW, "2025-11-06 10:55:00", THEN), gap=True
    )


def test_history_and_live_calls_take_turns() -> None:
    progress = Progress(SERIES, premium=True, coverage=KNOWN)
    months = [Slice("month", "2025-09"), Slice("month", "2025-08")]
    progress.history = deque(months)
    times = {KNOWN.newest_bar}
    asked = []
    for _ in range(4):
        part = progress.next_part(live=True, slices=[COMPACT])
        assert part is not None
        progress.complete(part, times, NOW, ZONE)
        asked.append(part)
    assert asked == [COMPACT, months[0], COMPACT, months[1]]


def test_a_complete_month_is_told() -> None:
    progress = Progress(SERIES, premium=True, coverage=KNOWN, history=deque([MONTH]))
    assert progress.next_part(live=False, slices=()) == MONTH
    assert progress.complete(MONTH, (), NOW, ZONE) == Completion(month="2025-09")
    assert progress.next_part(live=False, slices=()) is None


def test_a_failure_lets_the_gap_be_measured_again() -> None:
    progress = Progress(SERIES, premium=True, coverage=KNOWN, busy=True, live_at=99.0)
    progress.next_part(live=True, slices=[COMPACT])
    progress.fail()
    assert (progress.busy, progress.attempts, progress.live_at) == (False, 1, float("-inf"))
    assert progress.next_part(live=True, slices=[FULL]) == FULL


def test_a_failure_in_the_middle_goes_on_where_it_was() -> None:
    progress = Progress(SERIES, premium=True, coverage=KNOWN)
    progress.next_part(live=True, slices=[FULL, MONTH])
    progress.complete(FULL, {KNOWN.newest_bar}, NOW, ZONE)
    progress.fail()
    assert progress.next_part(live=True, slices=[COMPACT]) == MONTH


def test_coverage_never_goes_back() -> None:
    progress = Progress(SERIES, premium=True, coverage=KNOWN)
    progress.next_part(live=True, slices=[COMPACT])
    earlier = THEN - timedelta(hours=1)
    times = {KNOWN.newest_bar, "2025-11-06 08:55:00"}
    assert progress.complete(COMPACT, times, earlier, ZONE) == Completion(coverage=KNOWN)


@pytest.mark.parametrize(
    ("times", "zone", "newest"),
    [
        pytest.param({"2025-11-06 10:55:00", "2025-11-06 10:50:00"}, ZONE, "2025-11-06 10:55:00"),
        pytest.param({"2099-01-01 00:00:00", "2025-11-06 10:50:00"}, ZONE, "2025-11-06 10:50:00"),
        pytest.param({"zzz", ""}, ZONE, "", id="no-times"),
        pytest.param({"2025-11-06"}, ZONE, "2025-11-06", id="daily"),
        pytest.param({"2025-11-06 10:55:00"}, "Mars/Olympus", "2025-11-06 10:55:00", id="no-zone"),
    ],
)
def test_newest_time_is_one_that_the_market_has_reached(
    times: set[str], zone: str, newest: str
) -> None:
    assert newest_time(times, NOW, zone) == newest
