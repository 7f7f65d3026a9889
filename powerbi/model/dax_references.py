"""The DAX of measures in, the names that it refers to out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from powerbi.model.definitions import Model, ModelError, Table

_COLUMN = re.compile(r"(?:'([^']+)'|\b(\w+))\[([^\]]+)\]")
_MEASURE = re.compile(r"(?<![\w'])\[([^\]]+)\]")
_ROWS_OF = re.compile(r"\b(?:COUNTROWS|SUMX) \( (?:'([^']+)'|(\w+)) [,)]")


def columns_in(dax: str) -> Iterator[tuple[str, str]]:
    """Yield (table, column) of each column that the expression reads."""
    yield from ((quoted or plain, column) for quoted, plain, column in _COLUMN.findall(dax))


def measures_in(dax: str) -> Iterator[str]:
    """Yield the name of each measure that the expression refers to."""
    yield from _MEASURE.findall(dax)


def require_references(model: Model) -> None:
    """Raise ModelError for a measure that refers to what its model lacks."""
    for table in model.tables:
        for measure in table.measures:
            try:
                _require(model, table, f"{measure.dax}\n{measure.format_dax}")
            except ModelError as error:
                raise ModelError(f"measure {measure.name}: {error}") from None


def _require(model: Model, table: Table, dax: str) -> None:
    for name, column in columns_in(dax):
        model.table(name).column(column)
    for name in measures_in(dax):
        table.measure(name)
    for quoted, plain in _ROWS_OF.findall(dax):
        model.table(quoted or plain)
