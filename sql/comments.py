"""Says in the database what its views and their columns mean: heads of the view files → COMMENT ON.

A head is the comment right above a view. Its first paragraph tells of the view; a line
`--   name, name  text`, with lines that go on further to the right, tells of columns. The view on
another basis or of one width, which a loop creates, has the words of the view it is named after.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

_BLOCK: Final = re.compile(
    r"((?:^--.*\n)+)(?:create or replace (view|function) (bi\.\w+)|do |\Z)", re.MULTILINE
)
_DEFINITION: Final = re.compile(r"--   (\S+(?:, \S+)*)(?:  +(\S.*))?")
_GOES_ON: Final = re.compile(r"--    +(\S.*)")
_RELATIONS: Final = """
select relname, array(
    select attname::text from pg_catalog.pg_attribute
    where attrelid = pg_class.oid and attnum > 0 and not attisdropped order by attnum
)
from pg_catalog.pg_class where relnamespace = 'bi'::regnamespace and relkind = 'v' order by relname
"""
_FUNCTIONS: Final = """
select proname, oid::regprocedure::text from pg_catalog.pg_proc
where pronamespace = 'bi'::regnamespace order by proname
"""


@dataclass(frozen=True)
class Head:
    """What a head tells: of the relation, and of names, some of which hold an ellipsis."""

    about: str
    names: Mapping[str, str]

    def tells(self, name: str) -> str | None:
        """Return what is told of a column: by its whole name first, else by a part of it."""
        if name in self.names:
            return self.names[name]
        return next((text for part, text in self.names.items() if _is_part(part, name)), None)


def _is_part(part: str, name: str) -> bool:
    begins, ellipsis, ends = part.partition("…")
    return bool(ellipsis) and name.startswith(begins) and name.endswith(ends)


class Heads:
    """The heads of all view files."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._heads: dict[str, Head] = {}
        self._common = Head("", {})
        self._made: dict[str, str] = {}
        for text in texts:
            for found in _BLOCK.finditer(text):
                head = _read(found[1].splitlines())
                if found[3] is not None:
                    self._heads[found[3].removeprefix("bi.")] = head
                elif found[2] is None and found[0].endswith("do "):
                    self._made.update(head.names)
                else:
                    self._common = head

    def about(self, relation: str) -> str | None:
        """Return what is told of a relation."""
        plain = self._plain(relation)
        if plain is None or plain == relation:
            return None if plain is None else self._heads[plain].about
        of_loop = Head("", self._made).tells(relation)
        return f"{self._heads[plain].about} As bi.{plain}, {of_loop}." if of_loop else None

    def column(self, relation: str, column: str) -> str | None:
        """Return what is told of a column, with its unit or its clock."""
        plain = self._plain(relation)
        own = self._heads[plain].tells(column) if plain is not None else None
        text = own or self._common.names.get(column)
        if text is None:
            return None
        units = [
            unit for part, unit in self._common.names.items()
            if "…" in part and _is_part(part, column)
        ]  # fmt: skip
        return " ".join([text, *units])

    def _plain(self, relation: str) -> str | None:
        """Return the relation with a head that this one is, or is named after."""
        named = [one for one in self._heads if relation == one or relation.startswith(f"{one}_")]
        return max(named, key=len, default=None)


def _read(lines: Sequence[str]) -> Head:
    about: list[str] = []
    names: dict[str, str] = {}
    latest: list[str] = []
    in_first = True
    for line in lines:
        if definition := _DEFINITION.fullmatch(line):
            in_first, latest = False, definition[1].split(", ")
            names.update(dict.fromkeys(latest, definition[2] or ""))
        elif latest and (more := _GOES_ON.fullmatch(line)):
            names.update({name: f"{names[name]} {more[1]}".strip() for name in latest})
        else:
            in_first, latest = in_first and line != "--", []
            about += [line.removeprefix("--").strip()] if in_first else []
    return Head(" ".join(about), names)


def keep_comments(owner: psycopg.Connection, heads: Heads) -> None:
    """Comment on every relation and column of `bi` of which something is told."""
    told: list[sql.Composed] = []
    for relation, columns in owner.execute(_RELATIONS).fetchall():
        view = sql.Identifier("bi", relation)
        told.append(_comment(sql.SQL("view {}").format(view), heads.about(relation)))
        for name in columns:
            column = sql.SQL("column {}").format(sql.Identifier("bi", relation, name))
            told.append(_comment(column, heads.column(relation, name)))
    for name, signature in owner.execute(_FUNCTIONS).fetchall():
        function = sql.SQL("function {}").format(sql.SQL(signature))
        told.append(_comment(function, heads.about(name)))
    owner.execute(sql.SQL("; ").join(told))


def _comment(on: sql.Composed, text: str | None) -> sql.Composed:
    return sql.SQL("comment on {} is {}").format(on, sql.Literal(text))
