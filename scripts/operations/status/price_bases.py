"""Which series hold bars that may not be compared with each other: the database's count in, lines
for a person out."""

from __future__ import annotations

from typing import Final, NamedTuple

from scripts.operations import compose_commands
from scripts.operations.operation import Operation

_QUERY: Final = (
    "select symbol, interval, raw_bars, adjusted_bars, unknown_bars, bases from bi.price_bases "
    "order by symbol, interval"
)
_MOST_NOTES: Final = 5
_AGAIN: Final = (
    "a premium key has the producer fetch them again, as far back as before or as HISTORY_MONTHS; "
    "those of files are to be imported again"
)


class _Series(NamedTuple):
    symbol: str
    interval: str
    raw_bars: int
    adjusted_bars: int
    unknown_bars: int
    bases: int


def state(operation: Operation) -> str:
    """Return how many series are affected. Raises OperationError."""
    found = _found(operation)
    if not found:
        return "each series is on one known price basis"
    unknown = sum(one.unknown_bars for one in found)
    return f"{len(found)} series on several or with unknown ones ({unknown} bars): fab doctor"


def notes(operation: Operation) -> list[str]:
    """Return a line for each affected series, and how to make it whole. Raises OperationError."""
    found = _found(operation)
    told = [_of_series(one) for one in found[:_MOST_NOTES]]
    if len(found) > _MOST_NOTES:
        told.append(f"{len(found) - _MOST_NOTES} more series are in bi.price_bases")
    return told


def _found(operation: Operation) -> list[_Series]:
    printed = operation.run(compose_commands.psql(operation.target, query=_QUERY))
    rows = (line.split("|") for line in printed.splitlines())
    return [_Series(symbol, interval, *map(int, counts)) for symbol, interval, *counts in rows]


def _of_series(one: _Series) -> str:
    counts = {
        "of unknown basis": one.unknown_bars,
        "adjusted": one.adjusted_bars,
        "as traded": one.raw_bars,
    }
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    return f"{one.symbol} {one.interval} has bars that may not be compared ({told}): {_AGAIN}"
