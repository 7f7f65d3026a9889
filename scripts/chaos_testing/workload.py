"""The load of an episode: operations drawn from a seed, each with a value that no other has.

Pure. What an operation carries says everything that the checker needs to know of it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.common.market.bar import Bar, Ohlcv

_FIRST_MINUTE = datetime(2025, 11, 3, 15, 0, tzinfo=UTC)
_SYMBOLS = 12


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
            yield Operation(kind, symbol(episode, 0).encode(), text, None)
        elif kind == "new" or not sent:
            sent.append(_new(episode, number))
            yield _of("new", sent[-1])
        else:
            chosen = sent[-1 - min(int(dice.expovariate(0.05)), len(sent) - 1)]
            event = chosen if kind == "repeat" else _observed_again(chosen, kind, number)
            if kind == "correction":
                sent.append(event)
            yield _of(kind, event)


def symbol(episode: int, number: int) -> str:
    """Return a symbol that belongs to this episode alone."""
    return f"E{episode:05}.{number}"


def _new(episode: int, number: int) -> Bar:
    minute = _FIRST_MINUTE + timedelta(minutes=number // _SYMBOLS)
    return Bar(
        symbol=symbol(episode, number % _SYMBOLS),
        interval="1min",
        exchange_time=f"{minute:%Y-%m-%d %H:%M:%S}",
        exchange_tz="UTC",
        ohlcv=Ohlcv("10.00", "99.00", "1.00", "20.00", str(number)),
        source="simulator",
        freshness="simulated",
        adjusted=True,
        is_final=True,
        observed_at=_instant(number),
    )


def _observed_again(event: Bar, kind: str, number: int) -> Bar:
    """Return another value of the same bar, seen later or, for `late`, earlier."""
    seen = _instant(number if kind == "correction" else -number)
    ohlcv = Ohlcv("10.00", "99.00", "1.00", "20.00", str(number))
    return Bar(**{**vars(event), "ohlcv": ohlcv, "observed_at": seen})


def _instant(number: int) -> str:
    seen = datetime(2025, 11, 6, 12, 0, tzinfo=UTC) + timedelta(milliseconds=number)
    return f"{seen:%Y-%m-%dT%H:%M:%S}.{seen.microsecond:06}Z"


def _of(kind: str, event: Bar) -> Operation:
    return Operation(kind, event.key(), event.to_json(), event)
