"""Decides which slices of a series must be asked for, so that no bar is left out. Pure.

A first start takes what the plan gives; after an outage the missed stretch is filled, month by
month where it is older than the trailing 30 days.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from services.producer.series import COMPACT, DAY, FULL, Coverage, Series, Slice

COMPACT_BARS: Final = 90
"""A compact answer holds 100 bars; some are left for those that were still forming."""
TRAILING: Final = timedelta(days=29)
"""A full intraday answer holds 30 days; one is left for the vendor's idea of a day."""
_FIRST_MONTH: Final = "2000-01"


def slices_to_fill(
    series: Series, coverage: Coverage | None, missed_bars: int, premium: bool, now: datetime
) -> list[Slice]:
    """Return the slices that bring the series up to the market instant `now`, newest first.

    `missed_bars` is how many bars can have begun or changed since the series was covered. The
    series is covered again when all slices are in Kafka.
    """
    if not premium or (coverage is not None and missed_bars <= COMPACT_BARS):
        return [COMPACT]
    if coverage is None or series.interval == DAY or coverage.asked_at >= now - TRAILING:
        return [FULL]
    oldest = _month(coverage.asked_at - timedelta(days=1))
    months = [_month(now - TRAILING)]
    while months[-1] > oldest:
        months.append(_before(months[-1]))
    return [FULL, *(Slice("month", month) for month in months)]


def leaves_gap(coverage: Coverage | None, times: Collection[str]) -> bool:
    """Return whether bars between the coverage and an answer's oldest bar may be missing."""
    return coverage is not None and bool(coverage.newest_bar) and coverage.newest_bar not in times


def history_months(coverage: Coverage, done: Collection[str], count: int) -> list[Slice]:
    """Return the months of further history still to be asked for, newest first.

    They go back from the month in which the first full answer began.
    """
    months = [_month(coverage.first_asked_at - TRAILING)] if count else []
    while len(months) < count:
        months.append(_before(months[-1]))
    return [
        Slice("month", month) for month in months if month >= _FIRST_MONTH and month not in done
    ]


def _month(instant: datetime) -> str:
    return instant.strftime("%Y-%m")


def _before(month: str) -> str:
    first = datetime.fromisoformat(f"{month}-01")
    return _month(first - timedelta(days=1))
