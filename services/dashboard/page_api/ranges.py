"""What a chosen range means: names in, the dates and instants that a chart shows out.

A range ends with the newest bar. In days it counts sessions of the symbol's exchange, longer ones
are months of the calendar, and each begins where its first trade date begins.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal, NamedTuple

from services.common.market.exchanges import exchange_of
from services.common.market.trade_date import begins_at, trade_date
from services.dashboard.connection_pool import Database
from services.dashboard.page_api import range_sql

Name = Literal["1d", "5d", "1m", "3m", "1y", "all"]

_SESSIONS: Final = {"1d": 1, "5d": 5}
_MONTHS: Final = {"1m": 1, "3m": 3, "1y": 12}
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Range:
    """The trade dates of a range, the first and the newest."""

    first: date
    newest: date

    def bounds(self, symbol: str, interval: str) -> tuple[float, float]:
        """Return where it begins and where the next trade date does, in Unix seconds."""
        return (
            max(0.0, begins(symbol, interval, self.first)),
            begins(symbol, interval, self.newest + _DAY),
        )


async def range_of(
    database: Database, symbol: str, intervals: Sequence[str], name: Name
) -> Range | None:
    """Return the range that ends with the newest bar of some intervals; None if there is none.

    Raises DatabaseError.
    """
    exchange = exchange_of(symbol)
    query = {
        "symbol": symbol,
        "intervals": list(intervals),
        "exchange": exchange and exchange.code,
        "sessions": _SESSIONS.get(name),
        "months": _MONTHS.get(name),
    }
    statement = range_sql.EVERYTHING
    if name in _SESSIONS:
        statement = range_sql.SESSIONS
    elif name in _MONTHS:
        statement = range_sql.MONTHS
    [(newest, first)] = await database.rows(statement, query)
    return Range(first, newest) if newest is not None else None


def begins(symbol: str, interval: str, day: date) -> float:
    """Return where the bars of a trade date begin, in Unix seconds."""
    # A day's bar stands at the midnight of its date in UTC.
    if interval == "1d":
        return datetime.combine(day, time(), UTC).timestamp()
    return begins_at(exchange_of(symbol), day).timestamp()


class Session(NamedTuple):
    """A trade date, and where it begins in Unix seconds."""

    date: str
    begins: float


def sessions(symbol: str, interval: str, times: Sequence[float], newest: date) -> list[Session]:
    """Return the trade dates from the first bar's to the newest; of daily bars, which are dates
    themselves, none."""
    if not times or interval == "1d":
        return []
    exchange = exchange_of(symbol)
    day = datetime.fromtimestamp(times[0], UTC).date() - _DAY
    found: list[Session] = []
    while day <= newest:
        begun = begins_at(exchange, day)
        if trade_date(exchange, begun) == day:
            found.append(Session(str(day), begun.timestamp()))
        day += _DAY
    return found[max(0, bisect_right([one.begins for one in found], times[0]) - 1) :]


async def base_prices(
    database: Database, symbols: Sequence[str], within: Range, basis: str
) -> dict[str, Any]:
    """Return the prices that lines of several symbols begin with as 100: those at one moment, which
    the first of them and the range tell, whatever the interval and the others are.

    Raises DatabaseError.
    """
    exchanges = [exchange_of(symbol) for symbol in symbols]
    codes = [exchange and exchange.code for exchange in exchanges]
    rows = await database.rows(
        range_sql.BASE_PRICES[basis],
        {
            "symbol": symbols[0],
            "symbols": list(symbols),
            "exchange": codes[0],
            "exchanges": codes,
            "first": within.first,
        },
    )
    return {
        "date": str(rows[0][0]) if rows else None,
        "time": rows[0][1] if rows else None,
        "prices": {symbol: price for _, _, symbol, price in rows if symbol is not None},
    }
