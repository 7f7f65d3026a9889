"""The table of odd input that is good, and of bars that come again.

Numbers in the names are those of the list of bad-input classes that the project keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tests.bars import bar
from tests.contract.decoding.records import (
    CLOSE_TO_THE_LIMIT,
    SUPERSEDED,
    Case,
    document,
    encoded,
    good,
    lacking,
)


def odd_input() -> list[Case]:
    """Return all that is stored or superseded, each bar under a symbol of its own."""
    symbols = Symbols()
    return [*_accepted(symbols), *_accepted_at_odd_times(symbols), *_repeats(symbols)]


class Symbols:
    """Gives each good record a symbol of its own, so that none replaces another."""

    def __init__(self) -> None:
        self._number = 0

    def next(self) -> str:
        self._number += 1
        return f"T{self._number:03}"


def _accepted(symbols: Symbols) -> Iterator[Case]:
    def extended(name: str, **fields: Any) -> Case:
        symbol = symbols.next()
        return good(name, symbol, encoded(document(symbol=symbol, **fields)))

    yield extended("15 unknown fields", vendor={"any": ["thing", None, 1.5]}, note="\\N\t")
    yield extended("15 unknown field named like a column", bar_time="1970-01-01", reason="mine")
    yield extended("10 lone surrogate in an unknown field", note="\ud800")
    yield extended("33 900 kB of an unknown field", note="x" * CLOSE_TO_THE_LIMIT)
    yield extended("34 very many keys", **{f"{number:x}": 1 for number in range(100_000)})
    for symbol in ("BRK-B", "^GSPC", "600104.SHH", "M&M.BSE", "A" * 16, "NULL"):
        yield good(f"30 symbol {symbol}", symbol)
    symbol = symbols.next()
    largest = {"volume": "9223372036854775807"}
    value = encoded(document(largest, symbol=symbol))
    yield good("20 the largest bigint as volume", symbol, value, volume="9223372036854775807")
    for text in ("2147483648", "6321507.562155", "1185.0", "9" * 19 + "." + "9" * 10, "0.0"):
        symbol = symbols.next()
        value = encoded(document({"volume": text}, symbol=symbol))
        yield good(f"20 volume {text}", symbol, value, volume=text)
    symbol = symbols.next()
    value = encoded(document({"volume": None}, symbol=symbol))
    yield good("20 a market without a volume", symbol, value, volume=None)
    symbol = symbols.next()
    value = lacking("volume", symbol=symbol)
    yield good("20 no volume field", symbol, value, volume=None)
    for text in ("9" * 12 + "." + "9" * 10, "0.0000000001", "1.14250", "67321.12345678", "3"):
        symbol = symbols.next()
        prices = dict.fromkeys(("open", "high", "low", "close"), text)
        yield good(f"21 price {text}", symbol, encoded(document(prices, symbol=symbol)), open=text)
    for text in ("269.800000000", "269.8000000000000000000"):
        symbol = symbols.next()
        value = encoded(document({"open": text}, symbol=symbol))
        yield good(f"21 more zeros: {text}", symbol, value, open=text)
    for adjusted, day, what, basis in (
        (True, "2025-11-06", None, "adjusted 2025-11-06"),
        (True, "2025-11-06", "splits_and_dividends", "adjusted 2025-11-06"),
        (True, "2025-11-06", "splits", "split 2025-11-06"),
        (True, None, "splits", "unknown"),
        (True, None, None, "unknown"),
        (False, None, None, "raw"),
    ):
        symbol = symbols.next()
        told = {"adjusted": adjusted, "adjusted_as_of": day, "adjusted_for": what}
        value = encoded(document(symbol=symbol, **told))
        yield good(f"36 adjusted {adjusted} as of {day} for {what}", symbol, value, basis=basis)
    symbol = symbols.next()
    twice = encoded(document(symbol=symbol)).replace(b'{"', b'{"symbol":"OTHER","', 1)
    yield good(
        "35 a field twice: the last one counts",
        symbol,
        twice[:-1] + b',"adjusted":false}',
        basis="raw",
    )


def _accepted_at_odd_times(symbols: Symbols) -> Iterator[Case]:
    def timed(name: str, local: str, zone: str, bar_time: datetime, **fields: Any) -> Case:
        symbol = symbols.next()
        event = document(symbol=symbol, exchange_time=local, exchange_tz=zone, **fields)
        return good(name, symbol, encoded(event), bar_time=bar_time)

    yield timed(
        "23 before the clock is put forward",
        "2025-03-09 01:59:00",
        "US/Eastern",
        datetime(2025, 3, 9, 6, 59, tzinfo=UTC),
    )
    yield timed(
        "23 after the clock is put forward",
        "2025-03-09 03:00:00",
        "US/Eastern",
        datetime(2025, 3, 9, 7, 0, tzinfo=UTC),
    )
    yield timed(
        "23 before the clock is put back",
        "2025-11-02 00:59:59",
        "US/Eastern",
        datetime(2025, 11, 2, 4, 59, 59, tzinfo=UTC),
    )
    yield timed(
        "23 after the clock is put back",
        "2025-11-02 02:00:00",
        "US/Eastern",
        datetime(2025, 11, 2, 7, 0, tzinfo=UTC),
    )
    yield timed(
        "23 a zone without daylight saving",
        "2025-03-30 02:30:00",
        "Asia/Kolkata",
        datetime(2025, 3, 29, 21, 0, tzinfo=UTC),
    )
    yield timed(
        "23 a daily bar on the day of the jump",
        "2025-03-09",
        "US/Eastern",
        datetime(2025, 3, 9, 5, 0, tzinfo=UTC),
        interval="1d",
    )
    yield timed(
        "25 a date of the default partition",
        "1975-01-02 10:00:00",
        "US/Eastern",
        datetime(1975, 1, 2, 15, 0, tzinfo=UTC),
    )
    far = timed(
        "25 2050, sent in 2050",
        "2050-01-03 10:00:00",
        "US/Eastern",
        datetime(2050, 1, 3, 15, 0, tzinfo=UTC),
    )
    sent = int(datetime(2050, 1, 3, 15, 6, tzinfo=UTC).timestamp() * 1000)
    yield Case(far.name, far.key, far.value, far.fate, sent)


def _repeats(symbols: Symbols) -> Iterator[Case]:
    symbol = symbols.next()
    first = good("26 a bar", symbol)
    yield Case("26 a bar", first.key, first.value, SUPERSEDED)
    yield Case("26 the same bar again", first.key, first.value, first.fate)
    symbol = symbols.next()
    older, newer = (
        bar({"open": text}, symbol=symbol, observed_at=f"2025-11-06T21:0{minute}:00Z")
        for minute, text in ((0, "269.90"), (1, "269.95"))
    )
    key = symbol.encode()
    yield Case("29 a key twice in a batch: the older", key, older.to_json(), SUPERSEDED)
    yield good("27 a key twice in a batch: the newer", symbol, newer.to_json(), open="269.95")
    yield Case("28 the older again, after the newer", key, older.to_json(), SUPERSEDED)
