"""Trading days of an exchange out of the calendar library, as plain values.

In: an exchange and a span of dates. Out: its sessions, in order: holidays, half days and noon
breaks by the library, corrected by `special_sessions`. Beyond what the library knows of an
exchange its weekdays are taken for sessions with the regular hours, and marked as assumed. Foreign
exchange and digital currencies are in no calendar of the library that fits: their days are a rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import exchange_calendars

from services.calendars.special_sessions import SPECIAL_SESSIONS, SpecialSession
from services.common.market.exchanges import CRYPTO, FOREX, Exchange

ENDING: Final = timedelta(days=30)
"""So long before a calendar ends it is time to say so."""
_BY_RULE: Final = (FOREX.calendar, CRYPTO.calendar)
_HARDLY_TRADED: Final = ((12, 25), (1, 1))
"""Month and day on which foreign exchange may be quoted or not: no gap in them is one."""
_DAY: Final = timedelta(days=1)
_LONG_KNOWN: Final = date(2025, 1, 1)
_MARGIN: Final = timedelta(days=14)


@dataclass(frozen=True)
class TradingDay:
    """One session: its date, its regular hours and its break (UTC), and whether it is a half day.

    `is_assumed`: that it takes place, or when, is not known but likely.
    """

    day: date
    opens_at: datetime
    closes_at: datetime
    break_starts_at: datetime | None = None
    break_ends_at: datetime | None = None
    is_early_close: bool = False
    is_assumed: bool = False


@cache
def known_until(calendar: str) -> date | None:
    """Return the last date of which the library knows the calendar; None: it has no end."""
    if calendar in _BY_RULE:
        return None
    # A short one: a year of a calendar takes a tenth of a second.
    probe = exchange_calendars.get_calendar(calendar, start=_LONG_KNOWN, end=_LONG_KNOWN + _MARGIN)
    bound = type(probe).bound_max()
    return None if bound is None else bound.date()


@cache
def trading_days(exchange: Exchange, first: date, last: date) -> tuple[TradingDay, ...]:
    """Return the sessions of an exchange from `first` to `last`."""
    if exchange.calendar in _BY_RULE:
        return tuple(_by_rule(exchange, day) for day in _days_by_rule(exchange, first, last))
    until = known_until(exchange.calendar)
    known = last if until is None else min(last, until)
    days = {each.day: each for each in _known(exchange.calendar, first, known)}
    for day in _weekdays(max(first, known + _DAY), last):
        days[day] = _assumed(exchange, day)
    for special in SPECIAL_SESSIONS:
        if special.calendar == exchange.calendar and first <= special.day <= last:
            days.pop(special.day, None)
            if special.hours is not None:
                days[special.day] = _special(exchange, special, special.hours)
    return tuple(days[day] for day in sorted(days))


@cache
def _known(calendar: str, first: date, last: date) -> tuple[TradingDay, ...]:
    if last < first:
        return ()
    # The library builds no calendar without a session.
    found = exchange_calendars.get_calendar(calendar, start=first - _MARGIN, end=last)
    early = set(found.early_closes)
    table = found.schedule
    rows = zip(
        *(table.index, table["open"], table["close"], table["break_start"], table["break_end"]),
        strict=True,
    )
    return tuple(
        TradingDay(
            *(day.date(), opens.to_pydatetime(), closes.to_pydatetime()),
            None if starts is None or starts != starts else starts.to_pydatetime(),  # noqa: PLR0124
            None if ends is None or ends != ends else ends.to_pydatetime(),  # noqa: PLR0124
            is_early_close=day in early,
        )
        for day, opens, closes, starts, ends in rows
        if day.date() >= first
    )


def _weekdays(first: date, last: date) -> Iterable[date]:
    return (day for day in _dates(first, last) if day.weekday() < 5)


def _dates(first: date, last: date) -> Iterable[date]:
    return (first + count * _DAY for count in range((last - first).days + 1))


def _days_by_rule(exchange: Exchange, first: date, last: date) -> Iterable[date]:
    return _weekdays(first, last) if exchange is FOREX else _dates(first, last)


def _by_rule(exchange: Exchange, day: date) -> TradingDay:
    """Return a day that is traded from one end to the other."""
    opens = day if exchange.evening is None else day - _DAY
    return TradingDay(
        day,
        _at(exchange, opens, exchange.opens),
        _at(exchange, opens + _DAY, exchange.closes),
        is_assumed=exchange is FOREX and (day.month, day.day) in _HARDLY_TRADED,
    )


def _assumed(exchange: Exchange, day: date) -> TradingDay:
    starts, ends = exchange.break_hours or (None, None)
    return TradingDay(
        day,
        _at(exchange, day, exchange.opens),
        _at(exchange, day, exchange.closes),
        None if starts is None else _at(exchange, day, starts),
        None if ends is None else _at(exchange, day, ends),
        is_assumed=True,
    )


def _special(exchange: Exchange, special: SpecialSession, hours: tuple[time, time]) -> TradingDay:
    opens, closes = hours
    starts, ends = exchange.break_hours or (None, None)
    has_break = starts is not None and ends is not None and opens < starts and ends < closes
    return TradingDay(
        special.day,
        _at(exchange, special.day, opens),
        _at(exchange, special.day, closes),
        _at(exchange, special.day, starts) if has_break and starts is not None else None,
        _at(exchange, special.day, ends) if has_break and ends is not None else None,
        is_early_close=closes < exchange.closes,
        is_assumed=special.is_assumed,
    )


def _at(exchange: Exchange, day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, ZoneInfo(exchange.zone)).astimezone(UTC)
