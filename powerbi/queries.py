"""A visual and what is chosen in the slicers in, the query that Power BI sends for it out (SQL).

Not its very text, but its shape: views joined on the relationships, the chosen values on the side
of the dimensions, grouped by the columns shown, with the aggregates that the measures need.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from powerbi.model.dax_references import measures_in
from powerbi.model.definitions import PRICE_BASIS, Model, ModelError, Relationship
from powerbi.report.definitions import Field, Visual, fields_in_visual

ROW_LIMIT: Final = 1_000_001
"""One more row than a visual of DirectQuery may have."""

_AGGREGATE = re.compile(
    r"\b(MAX|MIN|SUM|AVERAGE|COUNTROWS|HASONEVALUE) \( (?:'([^']+)'|(\w+))(?:\[(\w+)\])? \)"
)
_SUM_OF_ROWS = re.compile(r"\bSUMX \( (?:'[^']+'|\w+), (.*?) \)(?=, |$)", re.MULTILINE)
_COLUMN = re.compile(r"(?:'([^']+)'|(\w+))\[(\w+)\]")
_AS_SQL = r'"\1\2"."\3"'
_FUNCTIONS = {
    "AVERAGE": "avg(",
    "COUNTROWS": "count(",
    "HASONEVALUE": "count(distinct ",
    "MAX": "max(",
    "MIN": "min(",
    "SUM": "sum(",
}


def visual_query(model: Model, visual: Visual, chosen: Mapping[Field, str]) -> str:
    """Return the query of a visual; `chosen` holds SQL literals by column of a dimension.

    Raises ModelError if the visual draws on two tables that nothing relates.
    """
    fields = list(dict.fromkeys(fields_in_visual(visual)))
    columns = [field for field in fields if not field.is_measure]
    aggregates = sorted({text for field in fields for text in _aggregates(model, field)})
    used = dict.fromkeys(field.table for field in fields)
    base, joined = _base(model, list(used))
    filters = {
        field: value
        for field, value in chosen.items()
        if field.table == base or _relationship(model, base, field.table)
    }
    joined += [field.table for field in filters if field.table not in (base, *joined)]
    shown = [_column(field) for field in columns]
    lines = [
        f"select {', '.join([*shown, *aggregates])}",
        f'from "bi"."{model.table(base).view_on(PRICE_BASIS)}" as "{base}"',
        *(_join(model, base, table) for table in joined),
    ]
    if filters:
        lines.append("where " + " and ".join(f"{_column(f)} = {v}" for f, v in filters.items()))
    if shown:
        lines.append(f"group by {', '.join(shown)}")
    return "\n".join([*lines, f"limit {ROW_LIMIT}"])


def _aggregates(model: Model, field: Field) -> Iterator[str]:
    """Yield the aggregates that a measure needs, those of measures that it refers to included."""
    if not field.is_measure:
        return
    dax = model.table(field.table).measure(field.name).dax
    for function, quoted, plain, column in _AGGREGATE.findall(dax):
        table = quoted or plain
        if table != field.table:  # asked for by a query of its own
            continue
        of = _column(Field(table, model.table(table).column(column).name)) if column else "*"
        yield f"{_FUNCTIONS[function]}{of})"
    for expression in _SUM_OF_ROWS.findall(dax):
        yield f"sum({_COLUMN.sub(_AS_SQL, expression)})"
    for name in measures_in(dax):
        yield from _aggregates(model, Field(field.table, name, is_measure=True))


def _base(model: Model, tables: list[str]) -> tuple[str, list[str]]:
    """Return the table on the many side, and the others."""
    for table in tables:
        others = [other for other in tables if other != table]
        if all(_relationship(model, table, other) for other in others):
            return table, others
    raise ModelError(f"nothing relates {' and '.join(tables)}")


def _relationship(model: Model, table: str, to_table: str) -> Relationship | None:
    for relationship in model.relationships:
        if (relationship.table, relationship.to_table) == (table, to_table):
            return relationship
    return None


def _join(model: Model, base: str, table: str) -> str:
    found = _relationship(model, base, table)
    if found is None:
        raise ModelError(f"nothing relates {base} and {table}")
    many = _column(Field(base, found.column))
    one = _column(Field(table, found.to_column))
    view = model.table(table).view_on(PRICE_BASIS)
    join = "inner" if found.always_matches else "left"
    return f'{join} join "bi"."{view}" as "{table}" on {many} = {one}'


def _column(field: Field) -> str:
    return f'"{field.table}"."{field.name}"'
