"""Moves stored bars to the names that market.present_names gives them.

In come the symbols that renames connect, in a transaction that holds market.renames; out go the
same bars, current and replaced, under their names, with indicators due again. Where two names'
bars come together, the newer observation is the current one, as it is when the stream merges.
Nothing of a record is changed but its name, and market.told_names keeps which it had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psycopg

NOTIFY_CHANNEL: Final = "bars"
_DIFFERING_PERCENT: Final = 1


class OtherInstrumentError(ValueError):
    """A rename would join the bars of two instruments; says which, and what to do."""


@dataclass(frozen=True)
class Moved:
    """How many bars of a symbol stand under another one now."""

    old_symbol: str
    new_symbol: str
    bars: int


def move(owner: psycopg.Connection, symbols: Sequence[str]) -> list[Moved]:
    """Move the bars of some symbols; return what was moved.

    Raises OtherInstrumentError and psycopg.Error.
    """
    owner.execute(_VERSIONS, {"symbols": list(symbols)})
    owner.execute("analyze placed_versions")
    _refuse_other_instruments(owner)
    owner.execute(_AFFECTED)
    owner.execute("analyze affected_bars")
    moved = [Moved(*row) for row in owner.execute(_MOVED)]
    if moved:
        for statement in _MOVE:
            owner.execute(statement, {"symbols": list(symbols)})
        owner.execute(
            "select pg_notify(%s, jsonb_build_object('symbols', %s::text[])::text)",
            (NOTIFY_CHANNEL, list(symbols)),
        )
    owner.execute("drop table placed_versions, affected_bars")
    return moved


def _refuse_other_instruments(owner: psycopg.Connection) -> None:
    for old, new, day, bars in owner.execute(_FORMER_HOLDERS):
        raise OtherInstrumentError(
            f"{bars} bars of {new} from before {day} were observed before then, so that they are "
            f"of another instrument than {old}. Say first what that is called now, or give it a "
            f"name of its own: add {new} {new}-{day.year - 1} DATE, with the first date after it"
        )
    for old, new, day, shared, differing in owner.execute(_CONTRADICTIONS):
        raise OtherInstrumentError(
            f"before {day} {old} and {new} share {shared} bars, and in {differing} of them the "
            f"closes differ by more than {_DIFFERING_PERCENT} %: they are two instruments"
        )


_COLUMNS: Final = (
    *("interval", "bar_time", "open", "high", "low", "close", "volume", "session_date", "source"),
    *("freshness", "basis", "is_final", "observed_at", "inserted_at", "updated_at"),
    *("kafka_partition", "kafka_offset"),
)
_SAME: Final = ", ".join(_COLUMNS)
# Every value ever stored of the symbols, with the name that its record told and the one it gets.
_VERSIONS: Final = f"""
create temporary table placed_versions on commit drop as
with stored as (
    select symbol, {_SAME}, null::timestamptz as replaced_at
    from market.events_stream where symbol = any (%(symbols)s)
    union all
    select symbol, {_SAME}, replaced_at
    from market.bar_revisions where symbol = any (%(symbols)s)
),

told as (
    select stored.*, coalesce(other.told_symbol, stored.symbol) as told_symbol
    from stored
    left join market.told_names as other
        using (symbol, interval, bar_time, kafka_partition, kafka_offset)
)

select told.*, coalesce(name.symbol, told.told_symbol) as placed_symbol
from told
left join market.present_names as name
    on
        told.told_symbol = name.told_symbol
        and told.session_date >= name.from_date and told.session_date < name.until_date
        and told.observed_at < name.seen_before
"""
_FORMER_HOLDERS: Final = """
select rename.old_symbol, rename.new_symbol, rename.renamed_on, count(distinct (interval, bar_time))
from market.renames as rename
inner join placed_versions as bar
    on rename.new_symbol = bar.told_symbol and rename.new_symbol = bar.placed_symbol
where bar.session_date < rename.renamed_on
    and bar.observed_at < rename.renamed_on::timestamp at time zone 'UTC'
group by rename.old_symbol, rename.new_symbol, rename.renamed_on
order by rename.renamed_on limit 1
"""
_CONTRADICTIONS: Final = f"""
select
    rename.old_symbol, rename.new_symbol, rename.renamed_on, count(*),
    count(*) filter (
        where abs(one.close - other.close) * 100 > {_DIFFERING_PERCENT} * one.close
    )
from market.renames as rename
inner join placed_versions as one
    on rename.old_symbol = one.told_symbol and one.session_date < rename.renamed_on
inner join placed_versions as other
    on
        one.placed_symbol = other.placed_symbol
        and rename.new_symbol = other.told_symbol
        and one.interval = other.interval and one.bar_time = other.bar_time
        and one.basis = other.basis
group by rename.old_symbol, rename.new_symbol, rename.renamed_on
having
    2 * count(*) filter (
        where abs(one.close - other.close) * 100 > {_DIFFERING_PERCENT} * one.close
    ) > count(*)
order by rename.renamed_on limit 1
"""
_AFFECTED: Final = """
create temporary table affected_bars on commit drop as
select symbol, interval, bar_time from placed_versions where placed_symbol <> symbol
union
select placed_symbol, interval, bar_time from placed_versions where placed_symbol <> symbol
"""
_MOVED: Final = """
select symbol, placed_symbol, count(distinct (interval, bar_time))::integer
from placed_versions where placed_symbol <> symbol
group by symbol, placed_symbol order by 1, 2
"""
_OF_AFFECTED: Final = """
using affected_bars as bar
where kept.symbol = bar.symbol and kept.interval = bar.interval and kept.bar_time = bar.bar_time
"""
_NUMBERED: Final = """
with numbered as (
    select
        *,
        row_number() over bar as number,
        lead(updated_at) over bar as next_updated_at,
        count(*) over (partition by placed_symbol, interval, bar_time) as versions
    from placed_versions
    where (symbol, interval, bar_time) in (select symbol, interval, bar_time from affected_bars)
    window bar as (
        partition by placed_symbol, interval, bar_time
        order by observed_at, kafka_offset, updated_at
    )
)
"""
# A computation of indicators that has begun with the old names finds its marks gone, and fails; it
# begins again. Word of bars that moved is no word of anything new: no alert looks at them.
_MOVE: Final = (
    "set local tapeline.folding = on",
    "create temporary table due_before on commit drop as select * from market.indicator_work"
    " where symbol = any (%(symbols)s)",
    "delete from market.indicator_work where symbol = any (%(symbols)s)",
    f"delete from market.events_stream as kept {_OF_AFFECTED}",
    f"delete from market.bar_revisions as kept {_OF_AFFECTED}",
    f"delete from market.told_names as kept {_OF_AFFECTED}",
    f"delete from market.bar_indicators as kept {_OF_AFFECTED}",
    f"""
    {_NUMBERED}
    insert into market.events_stream (symbol, revision, {_SAME})
    select placed_symbol, number, {_SAME} from numbered where number = versions
    """,
    f"""
    {_NUMBERED}
    insert into market.bar_revisions (symbol, revision, replaced_at, {_SAME})
    select
        placed_symbol, number, coalesce(replaced_at, greatest(updated_at, next_updated_at)), {_SAME}
    from numbered where number < versions
    """,
    """
    insert into market.told_names (
        symbol, interval, bar_time, kafka_partition, kafka_offset, told_symbol
    )
    select placed_symbol, interval, bar_time, kafka_partition, kafka_offset, told_symbol
    from placed_versions
    where placed_symbol <> told_symbol
        and (symbol, interval, bar_time) in (select symbol, interval, bar_time from affected_bars)
    on conflict do nothing
    """,
    # Due are the bars that moved, those that follow where some were taken away, and what was due.
    """
    with moved as (
        select symbol, interval, min(bar_time) as first, max(bar_time) as last
        from affected_bars group by symbol, interval
    ), due as (
        select moved.symbol, moved.interval, bar.bar_time as from_time,
            greatest(bar.bar_time, moved.last) as until_time
        from moved
        cross join lateral (
            select stored.bar_time from market.events_stream as stored
            where stored.symbol = moved.symbol and stored.interval = moved.interval
                and stored.bar_time >= moved.first
            order by stored.bar_time limit 1
        ) as bar
        union all
        select symbol, interval, from_time, until_time from due_before
        where exists (
            select from market.events_stream as stored
            where stored.symbol = due_before.symbol and stored.interval = due_before.interval
        )
    )
    insert into market.indicator_work (symbol, interval, from_time, until_time)
    select symbol, interval, from_time, until_time from due
    """,
    """
    delete from market.series as series
    where symbol = any (%(symbols)s) and not exists (
        select from market.events_stream as bar
        where bar.symbol = series.symbol and bar.interval = series.interval
    )
    """,
    # Of quotes the newest is kept, and it is the other symbol's.
    """
    delete from market.quotes as quote using market.present_names as name
    where quote.symbol = name.told_symbol and name.symbol <> quote.symbol
        and quote.session_date >= name.from_date and quote.session_date < name.until_date
        and quote.observed_at < name.seen_before
    """,
    "drop table due_before",
)
