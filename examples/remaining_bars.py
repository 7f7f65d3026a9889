"""What is left to ask for after an answer that broke off: what came in, further queries out. Pure.

Bars come by symbol, interval and bar_time, so that of a series the end is missing, and of those
that have not come everything. Which those are is told by what came, not by any order of names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa

Query = dict[str, Any]
INTERVALS: Final = ("1min", "5min", "15min", "30min", "60min", "1d")
SYMBOLS_OF_A_QUERY: Final = 50
_TICK: Final = timedelta(microseconds=1)  # the distance of two instants of the API


class Received:
    """What has come of one answer."""

    def __init__(self) -> None:
        self.rows = 0
        self.intervals_of: dict[str, set[str]] = {}
        self.last: tuple[str, str, datetime] | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Take note of the next bars."""
        if not batch.num_rows:
            return
        self.rows += batch.num_rows
        names = pa.Table.from_batches([batch.select(["symbol", "interval"])])
        for one in names.group_by(["symbol", "interval"]).aggregate([]).to_pylist():
            self.intervals_of.setdefault(one["symbol"], set()).add(one["interval"])
        end = batch.slice(batch.num_rows - 1).select(["symbol", "interval", "bar_time"])
        [row] = end.to_pylist()
        self.last = row["symbol"], row["interval"], row["bar_time"]


def of_symbols(query: Query, symbols: Sequence[str]) -> list[Query]:
    """Return the queries of some symbols, of which one takes a few; without any, that of all."""
    if not symbols:
        return [query]
    return [
        {**query, "symbol": list(symbols[place : place + SYMBOLS_OF_A_QUERY])}
        for place in range(0, len(symbols), SYMBOLS_OF_A_QUERY)
    ]


def remaining(
    query: Query, received: Received, every_symbol: Callable[[], Sequence[str]]
) -> list[Query]:
    """Return the queries of what has not come of a query; `every_symbol` lists what is stored."""
    if received.last is None:
        return [query]
    symbol, interval, at = received.last
    left = [{**query, "symbol": [symbol], "interval": interval, "from": _text(at + _TICK)}]
    if "interval" not in query:
        have = received.intervals_of[symbol]
        others = [one for one in sorted(INTERVALS) if one not in have]
        left += [{**query, "symbol": [symbol], "interval": one} for one in others]
    asked = query.get("symbol") or every_symbol()
    to_come = [one for one in asked if one not in received.intervals_of]
    return left + (of_symbols(query, to_come) if to_come else [])


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
