"""The load of an episode: operations drawn from a seed, each with a value that no other has.

Pure. Shares, foreign exchange, digital currencies and an index are in it, each with the numbers and
the clock that its market has. What an operation carries says everything that the checker needs to
know of it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from string import ascii_uppercase

from services.common.market.bar import Bar, Ohlcv

_FIRST_MINUTE = datetime(2025, 11, 3, 15, 0, tzinfo=UTC)
_FIRST_DAY = date(2000, 1, 3)
_SHARES = 7


@dataclass(frozen=True)
class Operation:
    """A record to send: `kind` says why it is there; `bar` is None for one to be rejected."""

    kind: str
    key: bytes
    value: bytes
    bar: Bar | None


def operations(seed: int, episode: int) -> Iterator[Operation]:
    """Yield operations without end: new bars, corrections, repeats, late and bad records."""
    dice = random.Random(seed)  # noqa: S311 - load, no secret
    sent: list[Bar] = []
    number = 0
    while True:
        number += 1
        kind = dice.choices(
            ("new", "correction", "repeat", "late", "rejected"), (60, 15, 10, 12, 3)
        )[0]
        if kind == "rejected":
            text = f"no bar {episode} {number}".encode()
            yield Operation(kind, symbols(episode)[0].encode(), text, None)
        elif kind == "new" or not sent:
            sent.append(_new(episode, number))
            yield _of("new", sent[-1])
        else:
            chosen = sent[-1 - min(int(dice.expovariate(0.05)), len(sent) - 1)]
            event = chosen if kind == "repeat" else _observed_again(chosen, kind, number)
            if kind == "correction":
                sent.append(event)
            yield _of(kind, event)


def symbols(episode: int) -> tuple[str, ...]:
    """Return the symbols that belong to this episode alone, of every market."""
    code = "".join(ascii_uppercase[episode // 26**place % 26] for place in (2, 1, 0))
    return (
        *(f"E{episode:05}.{number}" for number in range(_SHARES)),
        *(f"FX:{code}/EUR", f"FX:{code}/USD"),
        *(f"CRYPTO:E{episode:05}/EUR", f"CRYPTO:E{episode:05}/USD"),
        f"INDEX:E{episode:05}",
    )


def _new(episode: int, number: int) -> Bar:
    own = symbols(episode)
    symbol, turn = own[number % len(own)], number // len(own)
    is_index = symbol.startswith("INDEX:")
    minute = _FIRST_MINUTE + timedelta(minutes=turn)
    return Bar(
        symbol=symbol,
        interval="1d" if is_index else "1min",
        exchange_time=f"{_FIRST_DAY + timedelta(days=turn)}"
        if is_index
        else f"{minute:%Y-%m-%d %H:%M:%S}",
        exchange_tz="US/Eastern" if is_index else "UTC",
        ohlcv=_numbers(symbol, number),
        source="simulator",
        freshness="simulated",
        adjusted=True,
        is_final=True,
        observed_at=_instant(number),
    )


def _numbers(symbol: str, number: int) -> Ohlcv:
    """Return numbers of the symbol's market of which the close alone tells one value from all
    others."""
    market, colon, _ = symbol.partition(":")
    decimals, volume = {
        "FX": ("00001", None),
        "CRYPTO": ("00000001", f"{number}.{number:08}"),
        "INDEX": ("01", None),
        "": ("00", str(number)),
    }[market if colon else ""]
    return Ohlcv("10.00", "99999999.00", "1.00", f"{number}.{decimals}", volume)


def _observed_again(event: Bar, kind: str, number: int) -> Bar:
    """Return another value of the same bar, seen later or, for `late`, earlier."""
    seen = _instant(number if kind == "correction" else -number)
    ohlcv = _numbers(event.symbol, number)
    return Bar(**{**vars(event), "ohlcv": ohlcv, "observed_at": seen})


def _instant(number: int) -> str:
    seen = datetime(2025, 11, 6, 12, 0, tzinfo=UTC) + timedelta(milliseconds=number)
    return f"{seen:%Y-%m-%dT%H:%M:%S}.{seen.microsecond:06}Z"


def _of(kind: str, event: Bar) -> Operation:
    return Operation(kind, event.key(), event.to_json(), event)
