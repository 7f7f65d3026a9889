"""Keeps the partitions of bars and indicators: one for each year, to the end of the next.

Any other date is in the default partition. What came there of a year that had none yet moves into
the year's own. Whoever reads or writes bars meanwhile waits, once a year.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import psycopg
from psycopg import sql

# A bar that changes soon after it came finds room beside itself.
TABLES: Final = {"events_stream": " with (fillfactor = 80)", "bar_indicators": ""}

_EXISTS: Final = "select to_regclass(%s) is not null"
_TAKE_OUT: Final = """
lock table market.{parent} in access exclusive mode;
create temporary table moved on commit drop as
select * from market.{default} where bar_time >= {begins} and bar_time < {ends};
delete from market.{default} where bar_time >= {begins} and bar_time < {ends};
create table market.{partition} partition of market.{parent}
for values from ({begins}) to ({ends}){storage};
-- Not through the parent: that would tell of them as of new bars.
insert into market.{partition} select * from moved;
drop table moved
"""


def keep_partitions(owner: psycopg.Connection, present: date) -> None:
    """Create the partitions of this year and the next, where they are missing."""
    for year in (present.year, present.year + 1):
        for parent in TABLES:
            found = owner.execute(_EXISTS, (f"market.{parent}_{year}",)).fetchone()
            if found != (True,):
                _create(owner, parent, year)


def _create(owner: psycopg.Connection, parent: str, year: int) -> None:
    owner.execute(
        sql.SQL(_TAKE_OUT).format(
            parent=sql.Identifier(parent),
            default=sql.Identifier(f"{parent}_default"),
            partition=sql.Identifier(f"{parent}_{year}"),
            begins=sql.Literal(f"{year}-01-01 00:00:00+00"),
            ends=sql.Literal(f"{year + 1}-01-01 00:00:00+00"),
            storage=sql.SQL(TABLES[parent]),
        )
    )
