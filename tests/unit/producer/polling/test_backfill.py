from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.producer.polling.backfill import (
    history_months,
    is_believed,
    months_back,
    open_slices,
    reaches,
    slices_to_fill,
)
from services.producer.series import COMPACT, FULL, HighWaterMark, NoBars, Slice

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)


def _covered(days_ago: float) -> HighWaterMark:
    asked_at = NOW - timedelta(days=days_ago)
    return HighWaterMark(asked_at, "2026-01-02 10:00:00", asked_at)


def _months(*months: str) -> list[Slice]:
    return [Slice("month", month) for month in months]


@pytest.mark.parametrize(
    ("high_water_mark", "missed", "premium", "expected"),
    [
        pytest.param(None, 0, True, [FULL], id="first-start"),
        pytest.param(None, 0, False, [COMPACT], id="first-start-free"),
        pytest.param(_covered(0.001), 3, True, [COMPACT], id="steady"),
        pytest.param(_covered(0.5), 90, True, [COMPACT], id="just-in-reach"),
        pytest.param(_covered(0.5), 91, True, [FULL], id="out-of-reach"),
        pytest.param(_covered(400), 270, False, [COMPACT], id="a-year-free"),
    ],
)
def test_slices_to_fill(
    high_water_mark: HighWaterMark | None, missed: int, premium: bool, expected: list[Slice]
) -> None:
    assert slices_to_fill(high_water_mark, missed, premium) == expected


@pytest.mark.parametrize(
    ("oldest", "expected"),
    [
        pytest.param("2026-01-02 10:00:00", True, id="the-very-bar"),
        pytest.param("2025-12-30 10:00:00", True, id="an-older-one"),
        pytest.param("2026-01-02 10:05:00", False, id="only-newer-ones"),
        pytest.param("", False, id="none"),
    ],
)
def test_a_gap_is_told_by_the_newest_known_bar(oldest: str, expected: bool) -> None:
    assert reaches(_covered(1), oldest) is expected
    assert reaches(None, oldest)


@pytest.mark.parametrize(
    ("days_ago", "oldest", "expected"),
    [
        pytest.param(2, "2026-03-10 09:30:00", ["2026-03"], id="a-short-answer"),
        pytest.param(2, "", ["2026-03"], id="no-times"),
        pytest.param(30, "2026-02-09 04:00:00", ["2026-02"], id="just-over-a-month"),
        pytest.param(
            100,
            "2026-02-09 04:00:00",
            ["2026-02", "2026-01", "2025-12", "2025-11"],
            id="a-quarter",
        ),
        pytest.param(
            40, "2026-03-10 09:30:00", ["2026-03", "2026-02", "2026-01"], id="a-short-whole"
        ),
    ],
)
def test_months_lead_from_an_answer_back_to_what_is_known(
    days_ago: float, oldest: str, expected: list[str]
) -> None:
    assert months_back(_covered(days_ago), oldest, NOW) == _months(*expected)


TODAY, YESTERDAY = date(2026, 3, 10), date(2026, 3, 9)
NOVEMBER = Slice("month", "2025-11")


@pytest.mark.parametrize(
    ("part", "no_bars", "first_bar", "believed"),
    [
        pytest.param(NOVEMBER, NoBars("empty_json", TODAY, TODAY), "2025-12-01", True, id="before"),
        pytest.param(NOVEMBER, NoBars("empty_json", TODAY, TODAY), "2025-11-28", False, id="since"),
        pytest.param(
            NOVEMBER, NoBars("bad_call", YESTERDAY, TODAY), "2020-01-02", True, id="twice"
        ),
        pytest.param(
            NOVEMBER, NoBars("premium_only", YESTERDAY, TODAY), "2020-01-02", False, id="refused"
        ),
        pytest.param(FULL, NoBars("empty_json", YESTERDAY, TODAY), "2025-12-01", False, id="whole"),
    ],
)
def test_an_empty_month_is_believed_for_a_reason(
    part: Slice, no_bars: NoBars, first_bar: str, believed: bool
) -> None:
    assert is_believed(part, no_bars, first_bar) is believed


def test_what_came_without_bars_is_asked_for_again_on_another_day() -> None:
    months = _months("2026-02", "2025-11")
    no_bars = {
        FULL: NoBars("owed", TODAY, TODAY),
        Slice("month", "2025-12"): NoBars("empty_json", YESTERDAY, YESTERDAY),
        NOVEMBER: NoBars("empty_json", YESTERDAY, YESTERDAY),
        Slice("month", "2025-10"): NoBars("empty_json", TODAY, TODAY),
        Slice("month", "2019-01"): NoBars("empty_json", YESTERDAY, YESTERDAY),
    }
    assert open_slices(months, no_bars, "2025-01-02 10:00:00", TODAY) == [
        FULL,
        *_months("2025-12", "2026-02", "2025-11"),
    ]


def test_history_goes_back_from_the_first_full_answer() -> None:
    high_water_mark = HighWaterMark(NOW, "", datetime(2026, 1, 10, tzinfo=UTC))
    assert history_months(high_water_mark, {"2025-11"}, 3) == _months("2025-12", "2025-10")
    assert history_months(high_water_mark, (), 0) == []


def test_history_ends_where_the_vendor_begins() -> None:
    high_water_mark = HighWaterMark(NOW, "", datetime(2000, 3, 10, tzinfo=UTC))
    assert history_months(high_water_mark, (), 9) == _months("2000-02", "2000-01")
