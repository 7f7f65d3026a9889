from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.producer.history import history_months, leaves_gap, slices_to_fill
from services.producer.series import COMPACT, FULL, Coverage, Series, Slice

FIVE = Series("AAPL", "5min")
DAILY = Series("AAPL", "1d")
NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)


def _covered(days_ago: float) -> Coverage:
    asked_at = NOW - timedelta(days=days_ago)
    return Coverage(asked_at, "2026-01-02 10:00:00", asked_at)


def _months(*months: str) -> list[Slice]:
    return [Slice("month", month) for month in months]


@pytest.mark.parametrize(
    ("series", "coverage", "missed", "premium", "expected"),
    [
        pytest.param(FIVE, None, 0, True, [FULL], id="first-start"),
        pytest.param(DAILY, None, 0, True, [FULL], id="first-start-daily"),
        pytest.param(DAILY, None, 0, False, [COMPACT], id="first-start-free"),
        pytest.param(FIVE, _covered(0.001), 3, True, [COMPACT], id="steady"),
        pytest.param(FIVE, _covered(0.5), 90, True, [COMPACT], id="just-in-reach"),
        pytest.param(FIVE, _covered(0.5), 91, True, [FULL], id="out-of-reach"),
        pytest.param(FIVE, _covered(28), 5_000, True, [FULL], id="weeks"),
        pytest.param(
            FIVE,
            _covered(30),
            5_000,
            True,
            [FULL, *_months("2026-02")],
            id="just-over-a-month",
        ),
        pytest.param(
            FIVE,
            _covered(100),
            9_000,
            True,
            [FULL, *_months("2026-02", "2026-01", "2025-12", "2025-11")],
            id="a-quarter",
        ),
        pytest.param(DAILY, _covered(400), 270, True, [FULL], id="daily-year"),
        pytest.param(DAILY, _covered(400), 270, False, [COMPACT], id="daily-year-free"),
    ],
)
def test_slices_to_fill(
    series: Series, coverage: Coverage | None, missed: int, premium: bool, expected: list[Slice]
) -> None:
    assert slices_to_fill(series, coverage, missed, premium, NOW) == expected


def test_a_gap_is_told_by_the_newest_known_bar() -> None:
    assert leaves_gap(_covered(1), {"2026-01-02 10:05:00"})
    assert not leaves_gap(_covered(1), {"2026-01-02 10:00:00", "2026-01-02 10:05:00"})
    assert not leaves_gap(None, {"2026-01-02 10:05:00"})


def test_history_goes_back_from_the_first_full_answer() -> None:
    coverage = Coverage(NOW, "", datetime(2026, 1, 10, tzinfo=UTC))
    assert history_months(coverage, {"2025-11"}, 3) == _months("2025-12", "2025-10")
    assert history_months(coverage, (), 0) == []


def test_history_ends_where_the_vendor_begins() -> None:
    coverage = Coverage(NOW, "", datetime(2000, 3, 10, tzinfo=UTC))
    assert history_months(coverage, (), 9) == _months("2000-02", "2000-01")
