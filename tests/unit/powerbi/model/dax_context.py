"""What DAX is evaluated in: rows of tables, and filters of their columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from powerbi.model.definitions import Model

Value = Any
"""A number, a time, a truth value; None is BLANK."""
Column = tuple[str, str]
"""A table and a column of it."""
Passes = Callable[["pd.Series[Any]"], "pd.Series[bool]"]


@dataclass(frozen=True)
class Context:
    """The rows of each table, what columns are filtered by, and the row that is looked at."""

    model: Model
    data: Mapping[str, pd.DataFrame]
    filters: Mapping[Column, Passes]
    variables: Mapping[str, Value]
    row: Mapping[str, Value] | None = None

    def rows(self, table: str) -> pd.DataFrame:
        """Return the rows of a table that pass all filters."""
        shown = self.data[table]
        for (filtered, column), passes in self.filters.items():
            if filtered == table:
                shown = shown[passes(shown[column])]
        return shown

    def where(self, column: Column, passes: Passes) -> Context:
        """Return the context with this filter in the place of the column's own."""
        return replace(self, filters={**self.filters, column: passes})

    def without(self, column: Column) -> Context:
        """Return the context without the column's filter."""
        others = {of: passes for of, passes in self.filters.items() if of != column}
        return replace(self, filters=others)
