"""What a table of the API is: a view, its columns with their types, its key. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final


class Kind(Enum):
    """What a column holds: its Python type, and how SQL casts text to it."""

    TEXT = "text"
    EXACT = "numeric"
    REAL = "double precision"
    WHOLE = "bigint"
    INSTANT = "timestamptz"
    UTC = "timestamp"
    LOCAL = "timestamp without time zone"
    DAY = "date"
    FLAG = "boolean"


AS_TRADED: Final = "as_traded"
OHLC: Final = "open high low close"


@dataclass(frozen=True)
class Dataset:
    """A view of `bi`. `key` is unique and gives the order; `time` is what from and to bound.

    `days`: a view that computes as it is asked is asked for one or several series, and unless
    `from` says otherwise for so many days; without bounds it would take minutes. `past` is the
    function that gives the rows as they were stored at an instant, if there is one;
    `adjusted_view` the same on each price basis other than as traded, which it names.
    `names_others`: it may have rows of symbols of which no bar is stored. What it can be filtered
    by follows from its columns.
    """

    name: str
    about: str
    view: str
    columns: tuple[tuple[str, Kind], ...]
    key: tuple[str, ...]
    time: str | None = None
    days: int | None = None
    past: str | None = None
    adjusted_view: str | None = None
    names_others: bool = False

    def on_basis(self, basis: str) -> Dataset:
        """Return the table with its prices on another basis, which it can be had on."""
        if basis == AS_TRADED or self.adjusted_view is None:
            return self
        return replace(self, view=self.adjusted_view.format(basis=basis))

    def showing(self, names: Sequence[str]) -> Dataset:
        """Return the table with these columns alone, in this order; without any, with all."""
        chosen = tuple((name, self.kind(name)) for name in names)
        return replace(self, columns=chosen or self.columns)

    def has(self, column: str) -> bool:
        """Return whether the table has such a column."""
        return any(name == column for name, _ in self.columns)

    def kind(self, column: str) -> Kind:
        """Return what a column holds."""
        return dict(self.columns)[column]


def columns(**names: str) -> tuple[tuple[str, Kind], ...]:
    """Return columns from space-separated names by kind, in the order given."""
    return tuple(
        (name, Kind[kind.rstrip("_123").upper()])
        for kind, text in names.items()
        for name in text.split()
    )
