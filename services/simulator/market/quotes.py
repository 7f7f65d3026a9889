"""A symbol's newest price against the day before: bars go in, the fields of a quote come out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from services.simulator.market.bars import BarSource, PrintedBar

_TEN_THOUSANDTH: Final = Decimal("0.0001")
_HUNDRED_THOUSANDTH: Final = Decimal("0.00001")


class Quote(NamedTuple):
    """The day's bar, the close before it and the difference; `percent` has no percent sign."""

    day: PrintedBar
    previous_close: str
    change: str
    percent: str


def quote(source: BarSource, symbol: str, now: datetime) -> Quote | None:
    """Return the newest quote; None before the second day, or if a price is no number."""
    days: Iterator[PrintedBar] = source.daily(symbol, now)
    day, previous = next(days, None), next(days, None)
    if day is None or previous is None:
        return None
    try:
        change = Decimal(day.close) - Decimal(previous.close)
        percent = 100 * change / Decimal(previous.close)
    except (InvalidOperation, ZeroDivisionError):
        return None
    return Quote(
        day,
        previous.close,
        str(change.quantize(_TEN_THOUSANDTH)),
        str(percent.quantize(_TEN_THOUSANDTH, ROUND_HALF_EVEN)),
    )


def global_quote(symbol: str, newest: Quote) -> dict[str, str]:
    """Return the fields of GLOBAL_QUOTE."""
    day = newest.day
    return {
        "01. symbol": symbol,
        "02. open": day.open,
        "03. high": day.high,
        "04. low": day.low,
        "05. price": day.close,
        "06. volume": day.volume,
        "07. latest trading day": day.time,
        "08. previous close": newest.previous_close,
        "09. change": newest.change,
        "10. change percent": f"{newest.percent}%",
    }


def bulk_quote(source: BarSource, symbol: str, now: datetime) -> dict[str, str] | None:
    """Return a row of REALTIME_BULK_QUOTES, whose numbers carry no trailing zeros.

    The extended-hours fields are filled while the newest trade lies outside the regular session.
    """
    newest = quote(source, symbol, now)
    last = next(source.intraday(symbol, 1, True, None, now), None)
    if newest is None:
        return None
    regular = next(source.intraday(symbol, 1, False, None, now), None)
    late = last is not None and (regular is None or last.time > regular.time)
    return {
        "symbol": symbol,
        "timestamp": _traded_at(source, symbol, (last or newest.day).time, now),
        "open": _short(newest.day.open),
        "high": _short(newest.day.high),
        "low": _short(newest.day.low),
        "close": _short(newest.day.close),
        "volume": newest.day.volume,
        "previous_close": _short(newest.previous_close),
        "change": _short(newest.change),
        "change_percent": _percent(newest.day.close, newest.previous_close),
        **_extended(last.close if last and late else None, newest.day.close),
    }


def _extended(price: str | None, close: str) -> dict[str, str]:
    change = "" if price is None else _short(str(Decimal(price) - Decimal(close)))
    return {
        "extended_hours_quote": "" if price is None else _short(price),
        "extended_hours_change": change,
        "extended_hours_change_percent": "" if price is None else _percent(price, close),
    }


def _traded_at(source: BarSource, symbol: str, label: str, now: datetime) -> str:
    """The last instant of the newest bar that has gone by, to the millisecond."""
    end = datetime.fromisoformat(label) + timedelta(seconds=59, milliseconds=999)
    local_now = now.astimezone(ZoneInfo(source.zone(symbol))).replace(tzinfo=None)
    return min(end, local_now).isoformat(sep=" ", timespec="milliseconds")


def _percent(price: str, base: str) -> str:
    share = 100 * (Decimal(price) - Decimal(base)) / Decimal(base)
    return _short(str(share.quantize(_HUNDRED_THOUSANDTH)))


def _short(number: str) -> str:
    """Cut trailing zeros, but leave one decimal: 239.0000 is sent as 239.0."""
    whole, _, decimals = number.partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"
