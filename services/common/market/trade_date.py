"""The exchange's trade date of an instant: which session a trade at it belongs to. Pure.

A day ends at its exchange's midnight, but New York's at 20:00 and that of foreign exchange at
17:00: what is traded from then on belongs to the next session, on Sundays to Monday's, before a
holiday of New York's to the one after it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from services.common.market.exchanges import NEW_YORK, Exchange

UNPLANNED_CLOSURES: Final = frozenset(
    date.fromisoformat(text)
    for text in (
        *("2001-09-11", "2001-09-12", "2001-09-13", "2001-09-14", "2004-06-11", "2007-01-02"),
        *("2012-10-29", "2012-10-30", "2018-12-05", "2025-01-09"),
    )
)
"""Days on which New York's exchanges did not open: attacks, storms, days of mourning."""

_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


def trade_date(exchange: Exchange | None, local: datetime) -> date:
    """Return the trade date of an instant that is given on the exchange's own clock."""
    day = local.date()
    if exchange is None or exchange.evening is None or local.time() < exchange.evening:
        return day
    return next_session(exchange, day)


def begins_at(exchange: Exchange | None, day: date) -> datetime:
    """Return the instant from which on trades belong to a date: no earlier bar is of it."""
    zone = ZoneInfo("UTC" if exchange is None else exchange.zone)
    if exchange is None or exchange.evening is None:
        return datetime.combine(day, time(), zone)
    eve = day - _DAY
    while next_session(exchange, eve - _DAY) == day:
        eve -= _DAY
    return datetime.combine(eve, exchange.evening, zone)


def in_zone(instant: datetime, exchange: Exchange) -> datetime:
    """Return an instant on the exchange's own clock."""
    return instant.astimezone(ZoneInfo(exchange.zone))


def next_session(exchange: Exchange, day: date) -> date:
    """Return the next session after a date, of an exchange whose days begin in the evening."""
    following = day + _DAY
    while following.weekday() >= _SATURDAY or _is_holiday(exchange, following):
        following += _DAY
    return following


def _is_holiday(exchange: Exchange, day: date) -> bool:
    # Foreign exchange has no holiday: on Christmas it is quoted, if hardly traded.
    return exchange.calendar == NEW_YORK.calendar and day in closed_days(day.year)


@lru_cache(maxsize=200)
def closed_days(year: int) -> frozenset[date]:
    """Return the weekdays of a year (2000 or later) on which New York's exchanges are closed."""
    planned = {
        _observed(date(year, 7, 4)),
        _observed(date(year, 12, 25)),
        _monday(year, 1, 3),  # Martin Luther King
        _monday(year, 2, 3),  # Washington
        easter(year) - 2 * _DAY,
        _monday(year, 5, 5),  # Memorial Day
        _monday(year, 9, 1),  # Labor Day
        _thanksgiving(year),
    }
    if year >= 2022:  # the first Juneteenth that was kept
        planned.add(_observed(date(year, 6, 19)))
    new_year = date(year, 1, 1)
    if new_year.weekday() != _SATURDAY:  # then it would close the old year's last day: it does not
        planned.add(_observed(new_year))
    return frozenset(planned | {day for day in UNPLANNED_CLOSURES if day.year == year})


def _observed(holiday: date) -> date:
    shift = {_SATURDAY: -1, _SATURDAY + 1: 1}.get(holiday.weekday(), 0)
    return holiday + shift * _DAY


def _monday(year: int, month: int, count: int) -> date:
    """Return the `count`-th Monday of a month, of a month with fewer the last one."""
    first = date(year, month, 1)
    day = first + (-first.weekday() % 7 + 7 * (count - 1)) * _DAY
    return day if day.month == month else day - 7 * _DAY


def _thanksgiving(year: int) -> date:
    first = date(year, 11, 1)
    return first + ((3 - first.weekday()) % 7 + 21) * _DAY


def easter(year: int) -> date:
    """Return Easter Sunday (the Gregorian rule of Meeus, Jones and Butcher)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    epact = (
        19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15
    ) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
