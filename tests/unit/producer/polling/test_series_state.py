from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta

import pytest

from services.producer.polling.series_state import Completion, Progress, known_span
from services.producer.series import COMPACT, FULL, HighWaterMark, Series, Slice

SERIES = Series("AAPL", "5min")
THEN = datetime(2025, 11, 6, 15, 0, tzinfo=UTC)
NOW = datetime(2025, 11, 6, 16, 0, tzinfo=UTC)
KNOWN = HighWaterMark(THEN, "2025-11-06 09:55:00", THEN)
ZONE = "US/Eastern"
MONTH = Slice("month", "2025-09")


def test_a_first_full_answer_covers_the_series() -> None:
    progress = Progress(SERIES, premium=True, high_water_mark=None)
    assert progress.next_part(live=True, slices=[FULL]) == FULL
    done = progress.complete(FULL, {"2025-11-06 10:00:00", "2025-11-06 10:05:00"}, NOW, ZONE)
    assert done == Completion(high_water_mark=HighWaterMark(NOW, "2025-11-06 10:05:00", NOW))
    assert progress.high_water_mark == done.high_water_mark


def test_a_whole_that_does_not_reach_back_is_followed_by_the_months_between() -> None:
    known = HighWaterMark(THEN - timedelta(days=50), "2025-09-17 09:55:00", THEN)
    progress = Progress(SERIES, premium=True, high_water_mark=known)
    assert progress.next_part(live=True, slices=[FULL]) == FULL
    times = {"2025-11-06 10:55:00", "2025-10-08 04:00:00"}
    assert progress.complete(FULL, times, NOW, ZONE) == Completion()
    assert progress.high_water_mark == known
    later = NOW + timedelta(minutes=5)
    october = progress.next_part(live=False, slices=())
    assert october == Slice("month", "2025-10")
    assert progress.complete(october, (), later, ZONE) == Completion()
    assert progress.next_part(live=False, slices=()) == MONTH
    assert progress.complete(MONTH, {"2025-09-01 10:00:00"}, later, ZONE) == Completion(
        high_water_mark=HighWaterMark(NOW, "2025-11-06 10:55:00", THEN)
    )


def test_a_gap_that_no_answer_closes_is_told() -> None:
    progress = Progress(SERIES, premium=True, high_water_mark=KNOWN)
    progress.next_part(live=True, slices=[FULL])
    progress.complete(FULL, {"2025-11-06 10:55:00"}, NOW, ZONE)
    month = progress.next_part(live=False, slices=())
    assert month == Slice("month", "2025-11")
    assert progress.complete(month, (), NOW, ZONE) == Completion(
        high_water_mark=HighWaterMark(NOW, "2025-11-06 10:55:00", THEN), gap=True
    )


def test_days_that_a_whole_does_not_reach_are_owed() -> None:
    known = HighWaterMark(THEN, "2025-10-01", THEN)
    progress = Progress(Series("AAPL", "1d"), premium=True, high_water_mark=known)
    progress.next_part(live=True, slices=[FULL])
    assert progress.complete(FULL, {"2025-11-05"}, NOW, ZONE) == Completion(
        high_water_mark=HighWaterMark(NOW, "2025-11-05", THEN), owed=FULL, gap=True
    )


def test_a_whole_that_fails_twice_steps_down_and_is_owed() -> None:
    progress = Progress(SERIES, premium=True, high_water_mark=None)
    for _ in range(2):
        assert progress.next_part(live=True, slices=[FULL]) == FULL
        progress.fail(FULL)
    assert progress.next_part(live=True, slices=[FULL]) == COMPACT
    assert progress.complete(COMPACT, {"2025-11-06 10:55:00"}, NOW, ZONE) == Completion(
        high_water_mark=HighWaterMark(NOW, "2025-11-06 10:55:00", NOW), owed=FULL
    )


def test_a_limit_does_not_make_it_step_down() -> None:
    progress = Progress(SERIES, premium=True, high_water_mark=None)
    for _ in range(9):
        assert progress.next_part(live=True, slices=[FULL]) == FULL
        progress.fail(FULL, is_limit=True)


def test_where_both_fail_they_take_turns() -> None:
    progress = Progress(SERIES, premium=True, high_water_mark=None)
    asked = []
    for _ in range(6):
        part = progress.next_part(live=True, slices=[FULL])
        assert part is not None
        progress.fail(part)
        asked.append(part)
    assert asked == [FULL, FULL, COMPACT] * 2


def test_a_series_that_steps_down_after_an_outage_takes_the_months() -> None:
    progress = Progress(SERIES, premium=True, high_water_mark=KNOWN)
    for _ in range(2):
        progress.next_part(live=True, slices=[FULL])
        progress.fail(FULL)
    assert progress.next_part(live=True, slices=[FULL]) == COMPACT
    assert progress.complete(COMPACT, {"2025-11-06 10:55:00"}, NOW, ZONE) == Completion()
    month = progress.next_part(live=False, slices=())
    assert month == Slice("month", "2025-11")
    assert progress.complete(month, {"2025-11-03 09:55:00"}, NOW, ZONE) == Completion(
        high_water_mark=HighWaterMark(NOW, "2025-11-06 10:55:00", THEN)
    )


def test_an_answer_that_does_not_reach_back_is_followed_by_a_longer_one() -> None:
    progress = Progress(SERIES, premium=True, high_water_mark=KNOWN)
    progress.next_part(live=True, slices=[COMPACT])
    assert progress.complete(COMPACT, {"2025-11-06 10:55:00"}, NOW, ZONE) == Completion()
    assert progress.next_part(live=False, slices=()) == FULL
    times = {KNOWN.newest_bar, "2025-11-06 10:55:00"}
    assert progress.complete(FULL, times, NOW, ZONE) == Completion(
        high_water_mark=HighWaterMark(NOW, "2025-11-06 10:55:00", THEN)
    )


def test_a_free_key_cannot_reach_back_and_the_gap_is_told() -> None:
    progress = Progress(SERIES, premium=False, high_water_mark=KNOWN)
    progress.next_part(live=True, slices=[COMPACT])
    assert progress.complete(COMPACT, {"2025-11-06 10:55:00"}, NOW, ZONE) == Completion(
        high_water_mark=HighWaterMark(NOW, "2025-11-06 10:55:00", THEN), gap=True
    )


def test_history_and_live_calls_take_turns() -> None:
    progress = Progress(SERIES, premium=True, high_water_mark=KNOWN)
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
    progress = Progress(SERIES, premium=True, high_water_mark=KNOWN, history=deque([MONTH]))
    assert progress.next_part(live=False, slices=()) == MONTH
    assert progress.complete(MONTH, {"2025-09-01 10:00:00"}, NOW, ZONE) == Completion(
        answered=MONTH
    )
    assert progress.next_part(live=False, slices=()) is None


def test_a_month_without_bars_is_no_complete_one() -> None:
    progress = Progress(SERIES, premium=True, high_water_mark=KNOWN, history=deque([MONTH]))
    progress.next_part(live=False, slices=())
    assert progress.complete(MONTH, (), NOW, ZONE) == Completion()
    assert progress.next_part(live=False, slices=()) is None


def test_a_failure_lets_the_gap_be_measured_again() -> None:
    progress = Progress(SERIES, premium=True, high_water_mark=KNOWN, busy=True, live_at=99.0)
    progress.next_part(live=True, slices=[COMPACT])
    progress.fail(COMPACT)
    assert (progress.busy, progress.attempts, progress.live_at) == (False, 1, float("-inf"))
    assert progress.next_part(live=True, slices=[FULL]) == FULL


def test_a_failure_in_the_middle_goes_on_where_it_was() -> None:
    progress = Progress(SERIES, premium=True, high_water_mark=KNOWN)
    progress.next_part(live=True, slices=[FULL])
    progress.complete(FULL, {"2025-11-06 10:55:00"}, NOW, ZONE)
    month = Slice("month", "2025-11")
    progress.fail(month)
    assert progress.next_part(live=True, slices=[COMPACT]) == month


def test_history_that_fails_leaves_the_newest_bars_alone() -> None:
    progress = Progress(SERIES, premium=True, high_water_mark=KNOWN, history=deque([MONTH]))
    assert progress.next_part(live=False, slices=()) == MONTH
    progress.fail(MONTH)
    assert progress.next_part(live=True, slices=[COMPACT], with_history=False) == COMPACT
    progress.complete(COMPACT, {KNOWN.newest_bar}, NOW, ZONE)
    assert progress.next_part(live=False, slices=(), with_history=False) is None
    assert progress.next_part(live=False, slices=()) == MONTH


def test_coverage_never_goes_back() -> None:
    progress = Progress(SERIES, premium=True, high_water_mark=KNOWN)
    progress.next_part(live=True, slices=[COMPACT])
    earlier = THEN - timedelta(hours=1)
    times = {KNOWN.newest_bar, "2025-11-06 08:55:00"}
    assert progress.complete(COMPACT, times, earlier, ZONE) == Completion(high_water_mark=KNOWN)


@pytest.mark.parametrize(
    ("times", "zone", "oldest"),
    [
        pytest.param({"2025-11-06 10:55:00", "2025-11-06 10:50:00"}, ZONE, "2025-11-06 10:50:00"),
        pytest.param({"2099-01-01 00:00:00", "2025-11-06 10:50:00"}, ZONE, "2025-11-06 10:50:00"),
        pytest.param({"zzz", ""}, ZONE, "", id="no-times"),
        pytest.param({"2025-11-06"}, ZONE, "2025-11-06", id="daily"),
        pytest.param({"2025-11-06 10:55:00"}, "Mars/Olympus", "2025-11-06 10:55:00", id="no-zone"),
    ],
)
def test_oldest_time_is_one_that_the_market_has_reached(
    times: set[str], zone: str, oldest: str
) -> None:
    assert known_span(times, NOW, zone)[0] == oldest
