"""Which tickers may have passed to another instrument: the database's signs in, lines for a person
out."""

from __future__ import annotations

from typing import Final

from scripts.operations import compose_commands
from scripts.operations.operation import Operation

# Of the intervals of a symbol the one with the most signs tells.
_QUERY: Final = (
    "select distinct on (symbol, resumed_on) symbol, resumed_on, signs from bi.recycled_tickers "
    "order by symbol, resumed_on, length(signs) desc, interval"
)
_MOST_NOTES: Final = 5


def notes(operation: Operation) -> list[str]:
    """Return a line for each place where a ticker may have become another's. Raises
    OperationError."""
    printed = operation.run(compose_commands.psql(operation.target, query=_QUERY))
    found = [line.split("|") for line in printed.splitlines()]
    told = [
        f"{symbol} may be another instrument from {resumed_on} on ({signs}): if it is, "
        f"python -m sql.renames add {symbol} OWN-NAME {resumed_on} parts them"
        for symbol, resumed_on, signs in found[:_MOST_NOTES]
    ]
    if len(found) > _MOST_NOTES:
        told.append(f"{len(found) - _MOST_NOTES} more are in bi.recycled_tickers")
    return told
