"""Bars of instruments that were renamed: staged under the name that a record tells, stored under
the name of today.

In come staged bars, each once; out they go the same way, with market.told_names telling what was
changed. `python -m sql.renames` moves what was stored before; it waits for every transaction that
has looked here, and they for it, so that no bar of an older name comes in between.
"""

from __future__ import annotations

from typing import Final

from services.stream.decoding.copy_text import LINE_COLUMNS
from services.stream.sink.postgres import Session

_ANY: Final = "select exists (select from market.renames)"
_NAME: Final = """
market.present_names as name
    on
        told.symbol = name.told_symbol
        and told.session_date >= name.from_date and told.session_date < name.until_date
        and told.observed_at < name.seen_before
"""
_ANY_STAGED: Final = f"select exists (select from staged_bars as told inner join {_NAME})"
_KEEP_TOLD: Final = f"""
insert into market.told_names (
    symbol, interval, bar_time, kafka_partition, kafka_offset, told_symbol
)
select
    name.symbol, told.interval, told.bar_time, told.kafka_partition, told.kafka_offset, told.symbol
from staged_bars as told inner join {_NAME}
where name.symbol <> told.symbol
on conflict do nothing
"""
_OTHERS: Final = ", ".join(f"told.{column}" for column in LINE_COLUMNS if column != "symbol")
# Again each bar once, and in the order in which all merges lock rows.
_USE: Final = f"""
with named as (
    select coalesce(name.symbol, told.symbol) as symbol, {_OTHERS}
    from staged_bars as told left join {_NAME}
), emptied as (
    delete from staged_bars
)
insert into staged_bars ({", ".join(LINE_COLUMNS)})
select distinct on (symbol collate "C", bar_time, interval collate "C") {", ".join(LINE_COLUMNS)}
from named
order by
    symbol collate "C", bar_time, interval collate "C", observed_at desc, kafka_offset desc
"""


def use(session: Session, keep_told: bool) -> None:
    """Name the staged bars as they are called today, and keep what they were told as.

    Raises DatabaseError.
    """
    if session.fetch(_ANY) == [(True,)] and session.fetch(_ANY_STAGED) == [(True,)]:
        if keep_told:
            session.run(_KEEP_TOLD)
        session.run(_USE)
