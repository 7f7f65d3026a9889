"""What a semantic model is made of: tables over views, columns, measures, relationships.

Pure values. Names follow the database: a column is called as in its view, and a measure has a
name of its own, since Power BI tells names of one table apart neither by kind nor by case.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "whole", "number", "exact", "percent", "volume", "timestamp", "date", "flag"]
"""What a column holds; it decides its data type and format. An exact one, such as a price, is shown
with all its decimals."""


_FOLDERS: dict[Kind, str] = {
    "timestamp": "Times",
    "date": "Times",
    "exact": "Prices",
    "volume": "Volume",
    "percent": "Figures",
    "number": "Figures",
    "whole": "Counts",
    "text": "Kinds and sources",
    "flag": "Kinds and sources",
}
_WIDE = 10
"""A table with more columns than that has them in folders; a calendar has hierarchies."""

AS_TRADED = "as_traded"
PRICE_BASES = (AS_TRADED, "split_adjusted", "total_return")
PRICE_BASIS = "split_adjusted"
"""The one of a new kit; the model's parameter PriceBasis changes it."""


class ModelError(Exception):
    """The description contradicts itself; the message says where."""


@dataclass(frozen=True)
class Column:
    """A column of a view. A key identifies a row; `sort_by` names the column that orders it."""

    name: str
    kind: Kind
    is_key: bool = False
    is_hidden: bool = False
    sort_by: str = ""


@dataclass(frozen=True)
class Measure:
    """A figure that Power BI asks the database for; `dax` is one expression.

    `format_dax`, where there is one, is an expression that gives the format of each value.
    """

    name: str
    dax: str
    format_string: str
    description: str
    folder: str
    format_dax: str = ""


@dataclass(frozen=True)
class Hierarchy:
    """Columns of one table by which a visual drills down, the coarsest first."""

    name: str
    columns: tuple[str, ...]
    description: str


@dataclass(frozen=True)
class Table:
    """A table of the model over one view of schema `bi`; `grain` says what one row is.

    A calendar has one row per date. A table that is had on each price basis reads the view of the
    one that the model's parameter names. Other tables are filtered by a dimension. Months of what
    keeps a history can be imported (`powerbi.model.storage`).
    """

    name: str
    view: str
    grain: str
    columns: tuple[Column, ...]
    measures: tuple[Measure, ...] = ()
    is_calendar: bool = False
    on_each_basis: bool = False
    hierarchies: tuple[Hierarchy, ...] = ()
    is_dimension: bool = False
    keeps_history: bool = False

    def view_on(self, basis: str) -> str:
        """Return the view that has the table's rows with their prices on a basis."""
        return f"{self.view}_{basis}" if self.on_each_basis and basis != AS_TRADED else self.view

    def folder(self, column: Column) -> str:
        """Return the display folder of a column; none if it is hidden or the table is small."""
        shown = [one for one in self.columns if not one.is_hidden]
        is_filed = len(shown) > _WIDE and not self.is_calendar and not column.is_hidden
        return _FOLDERS[column.kind] if is_filed else ""

    @property
    def is_by_session(self) -> bool:
        """Return whether a row is of a series and a session."""
        return [column.name for column in self.columns[:3]] == [
            "symbol",
            "interval",
            "session_date",
        ]

    def column(self, name: str) -> Column:
        """Return the column; raises ModelError if there is none of that name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise ModelError(f"{self.name} has no column {name}")

    def measure(self, name: str) -> Measure:
        """Return the measure; raises ModelError if there is none of that name."""
        for measure in self.measures:
            if measure.name == name:
                return measure
        raise ModelError(f"{self.name} has no measure {name}")


@dataclass(frozen=True)
class Relationship:
    """Many rows of `table` belong to one row of `to_table`, which its column identifies.

    `always_matches` promises that each of them has that row, so that an inner join loses none.
    """

    table: str
    column: str
    to_table: str
    to_column: str
    always_matches: bool = False


@dataclass(frozen=True)
class Model:
    """All tables and what relates them."""

    tables: tuple[Table, ...]
    relationships: tuple[Relationship, ...] = ()

    def table(self, name: str) -> Table:
        """Return the table; raises ModelError if there is none of that name."""
        for table in self.tables:
            if table.name == name:
                return table
        raise ModelError(f"the model has no table {name}")


def require_sound(model: Model) -> None:
    """Raise ModelError for names that collide, and for relationships between what is not there.

    Microsoft's own parser accepts a column `close` beside a measure `Close`; the engine refuses
    the model when it is opened.
    """
    _require_distinct([table.name for table in model.tables], "the model")
    for table in model.tables:
        names = [column.name for column in table.columns]
        names += [measure.name for measure in table.measures]
        names += [hierarchy.name for hierarchy in table.hierarchies]
        _require_distinct(names, table.name)
        for name in (column.sort_by for column in table.columns if column.sort_by):
            table.column(name)
        for hierarchy in table.hierarchies:
            for name in hierarchy.columns:
                table.column(name)
    measures = [measure.name for table in model.tables for measure in table.measures]
    _require_distinct(measures, "the measures of the model")
    for relationship in model.relationships:
        many = model.table(relationship.table).column(relationship.column)
        one = model.table(relationship.to_table).column(relationship.to_column)
        if many.kind != one.kind:
            raise ModelError(f"{relationship} relates columns of different kinds")


def _require_distinct(names: list[str], where: str) -> None:
    counts = Counter(name.casefold() for name in names)
    twice = sorted(name for name in names if counts[name.casefold()] > 1)
    if twice:
        raise ModelError(f"names that differ in nothing but case, in {where}: {', '.join(twice)}")
