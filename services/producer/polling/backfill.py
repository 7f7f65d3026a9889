"""Decides which slices of a series must be asked for, so that no bar is left out. Pure.

A first start takes what the plan gives. After an outage the missed stretch is filled, month by
month where an answer does not reach back to what is known. A slice that came without bars is
believed to have none where nothing older is known, or after the same answer on another day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from services.producer.alpha_vantage.classify import Kind
from services.producer.series import COMPACT, DAY, FULL, HighWaterMark, NoBars, Series, Slice

COMPACT_BARS: Final = 90
"""A compact answer holds 100 bars; some are left for those that were still forming."""
TRAILING: Final = timedelta(days=29)
"""A full intraday answer holds 30 days; one is left for the vendor's idea of a day."""
BELIEVABLE: Final = frozenset((Kind.EMPTY, Kind.BAD_CALL))
"""How the vendor says that a month has no bars, and what it says in its outages too."""
OWED: Final = "owed"
"""The kind of a slice that a shorter one took the place of: it is asked for again at once."""
_FIRST_MONTH: Final = "2000-01"


def slices_to_fill(
    high_water_mark: HighWaterMark | None, missed_bars: int, premium: bool
) -> list[Slice]:
    """Return the slice that a series is asked for first, to bring it up to the present.

    `missed_bars` is how many bars can have begun or changed since the series was covered.
    """
    if not premium or (high_water_mark is not None and missed_bars <= COMPACT_BARS):
        return [COMPACT]
    return [FULL]


def reaches(high_water_mark: HighWaterMark | None, oldest: str) -> bool:
    """Return whether answers whose oldest exchange time is `oldest` leave no gap to what is
    known."""
    return (
        high_water_mark is None
        or not high_water_mark.newest_bar
        or "" < oldest <= high_water_mark.newest_bar
    )


def months_back(high_water_mark: HighWaterMark, oldest: str, market_at: datetime) -> list[Slice]:
    """Return the months between what is known and an answer's `oldest` bar, newest first."""
    months = [oldest[:7] or _month(market_at)]
    last = _month(high_water_mark.asked_at - timedelta(days=1))
    while months[-1] > last:
        months.append(_before(months[-1]))
    return [Slice("month", month) for month in months]


def history_months(
    high_water_mark: HighWaterMark, done: Collection[str], count: int
) -> list[Slice]:
    """Return the months of further history still to be asked for, newest first.

    They go back from the month in which the first full answer began.
    """
    months = [_month(high_water_mark.first_asked_at - TRAILING)] if count else []
    while len(months) < count:
        months.append(_before(months[-1]))
    return [
        Slice("month", month) for month in months if month >= _FIRST_MONTH and month not in done
    ]


def whole_series(
    series: Series,
    high_water_mark: HighWaterMark | None,
    done: Collection[str],
    premium: bool,
    market_at: datetime,
) -> list[Slice]:
    """Return the slices that together bring all that was ever fetched of a series; `done` are the
    months of history that were. Without a premium plan they cannot be had."""
    if not premium or high_water_mark is None:
        return []
    if series.interval == DAY:
        return [FULL]
    first = min([*done, _month(high_water_mark.first_asked_at - TRAILING)])
    months = [_month(market_at - TRAILING)]
    while months[-1] > first:
        months.append(_before(months[-1]))
    return [FULL, *(Slice("month", month) for month in months)]


def is_believed(part: Slice, no_bars: NoBars, first_bar: str) -> bool:
    """Return whether a slice that came without bars has none; `first_bar` is the first exchange
    time ever seen of the symbol."""
    if no_bars.kind not in BELIEVABLE or not part.month:
        return False
    return part.month < first_bar[:7] or no_bars.first_on < no_bars.last_on


def open_slices(
    months: Collection[Slice], no_bars: Mapping[Slice, NoBars], first_bar: str, today: date
) -> list[Slice]:
    """Return what is to be asked for beside the newest bars: the `months` of history, what is owed,
    and what came without bars on an earlier day and is not believed."""

    def is_open(part: Slice) -> bool:
        known = no_bars.get(part)
        if known is None or known.kind == OWED:
            return True
        return known.last_on < today and not is_believed(part, known, first_bar)

    wanted = [*(part for part in no_bars if part not in months), *months]
    return [part for part in wanted if is_open(part)]


def _month(instant: datetime) -> str:
    return instant.strftime("%Y-%m")


def _before(month: str) -> str:
    first = datetime.fromisoformat(f"{month}-01")
    return _month(first - timedelta(days=1))
