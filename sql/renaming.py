"""The renames that the database knows: instruments whose symbol changed on a day.

In come those that shall be known; out go market.renames and what is stored, under the names that
follow of them (sql/moved_bars.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import psycopg

from services.common.market.bar import normal_symbol
from services.common.market.exchanges import exchange_of
from sql.moved_bars import Moved, move

_REMOVE: Final = "delete from market.renames where old_symbol = %s and renamed_on = %s"
_ADD: Final = """
insert into market.renames (old_symbol, new_symbol, renamed_on) values (%s, %s, %s)
"""


class RenameError(ValueError):
    """A rename cannot be, or contradicts another; says what to do."""


@dataclass(frozen=True, order=True)
class Rename:
    """An instrument's old and new symbol, and its first trade date under the new one."""

    renamed_on: date
    old_symbol: str
    new_symbol: str

    @classmethod
    def parse(cls, old: str, new: str, day: str) -> Rename:
        """Return a rename as a person wrote it. Raises RenameError."""
        try:
            rename = cls(date.fromisoformat(day.strip()), normal_symbol(old), normal_symbol(new))
        except ValueError as error:
            raise RenameError(f"{error}; wanted: OLD NEW YYYY-MM-DD") from None
        if rename.old_symbol == rename.new_symbol:
            raise RenameError(f"{rename.old_symbol} is renamed to itself")
        if exchange_of(rename.old_symbol) != exchange_of(rename.new_symbol):
            raise RenameError(
                f"{rename.old_symbol} and {rename.new_symbol} are of two exchanges: a listing that "
                "moves is another series, whose days and prices are not the same"
            )
        return rename

    def __str__(self) -> str:
        return f"{self.old_symbol} → {self.new_symbol} on {self.renamed_on}"


def require_consistent(renames: Iterable[Rename]) -> None:
    """Raise RenameError if on one day a symbol gets two new names, or two get one."""
    seen: set[tuple[str, str, date]] = set()
    for rename in sorted(renames):
        for key in (
            ("from", rename.old_symbol, rename.renamed_on),
            ("to", rename.new_symbol, rename.renamed_on),
        ):
            if key in seen:
                raise RenameError(f"{key[1]} is renamed {key[0]} twice on {rename.renamed_on}")
            seen.add(key)


def touched(changed: Iterable[Rename], known: Iterable[Rename]) -> list[str]:
    """Return the symbols whose bars a change of renames may move: all that renames connect."""
    links = [{rename.old_symbol, rename.new_symbol} for rename in known]
    found = {symbol for one in changed for symbol in (one.old_symbol, one.new_symbol)}
    while more := [link for link in links if link & found and not link <= found]:
        found = found.union(*more)
    return sorted(found)


def read(owner: psycopg.Connection) -> list[Rename]:
    """Return the renames that are known, oldest first."""
    rows = owner.execute(
        "select renamed_on, old_symbol, new_symbol from market.renames order by 1, 2"
    )
    return [Rename(*row) for row in rows]


def keep(
    owner: psycopg.Connection, choose: Callable[[list[Rename]], Iterable[Rename]]
) -> list[Moved]:
    """Make those that `choose` returns, given the known ones, the renames that are known, in one
    transaction, and move what is stored. Return what was moved.

    Raises RenameError, OtherInstrumentError and psycopg.Error; then nothing is changed.
    """
    with owner.transaction():
        # Waits for every merge under way; those that come see the new names.
        owner.execute("lock table market.renames in access exclusive mode")
        known = read(owner)
        wanted = set(choose(known))
        require_consistent(wanted)
        changed = wanted ^ set(known)
        if not changed:
            return []
        for rename in set(known) - wanted:
            owner.execute(_REMOVE, (rename.old_symbol, rename.renamed_on))
        for rename in wanted - set(known):
            owner.execute(_ADD, (rename.old_symbol, rename.new_symbol, rename.renamed_on))
        return move(owner, touched(changed, [*known, *wanted]))
