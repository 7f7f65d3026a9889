"""The SQL of the sink. Every statement is complete; only the staging table's name varies."""

from __future__ import annotations

from typing import Final

from services.stream.outcomes import LINE_COLUMNS

ADVISORY_CLASS: Final = 0x7A9E
"""First key of every advisory lock of the pipeline; the second names what is locked."""
LOCK_STREAM: Final = 1
LOCK_REPLAY: Final = 2
LOCK_MERGE: Final = 3

NOTIFY_CHANNEL: Final = "bars"

_BAR_COLUMNS = """(
    symbol text, bar_time timestamptz, interval text, open numeric(18, 6), high numeric(18, 6),
    low numeric(18, 6), close numeric(18, 6), volume bigint, session_date date, source text,
    freshness text, adjusted boolean, is_final boolean, observed_at timestamptz,
    kafka_partition integer, kafka_offset bigint
)"""
_REJECTED_COLUMNS = """(
    kafka_partition integer, kafka_offset bigint, kafka_timestamp timestamptz, key bytea,
    value bytea, reason text
)"""
REJECTED_TYPES: Final = ("int4", "int8", "timestamptz", "bytea", "bytea", "text")

CREATE_SESSION_STAGING: Final = (
    f"create temporary table session_bars {_BAR_COLUMNS} on commit delete rows;"
    f"create temporary table session_rejected {_REJECTED_COLUMNS} on commit delete rows"
)
CREATE_SHARED_BARS: Final = f"create unlogged table {{table}} {_BAR_COLUMNS}"
CREATE_SHARED_REJECTED: Final = f"create unlogged table {{table}} {_REJECTED_COLUMNS}"
DROP_SHARED: Final = "drop table if exists {table}"
LEFT_OVER_STAGING: Final = """
select tablename from pg_tables where schemaname = 'staging' and starts_with(tablename, %s)
"""

COPY_LINES: Final = f"copy {{table}} ({', '.join(LINE_COLUMNS)}) from stdin"
COPY_REJECTED: Final = """
copy {table} (kafka_partition, kafka_offset, kafka_timestamp, key, value, reason) from stdin
"""

READ_LEDGER: Final = """
select partition, next_offset, topic_id from market.sink_offsets where topic = %s
"""
LOCK_LEDGER: Final = """
select partition, next_offset from market.sink_offsets
where topic = %s order by partition for update
"""
MOVE_LEDGER: Final = """
insert into market.sink_offsets as ledger (
    topic, partition, topic_id, first_offset, next_offset, stored, superseded, rejected, lost
)
values (
    %(topic)s, %(partition)s, %(topic_id)s, %(start)s, %(until)s, %(stored)s, %(superseded)s,
    %(rejected)s, %(lost)s
)
on conflict (topic, partition) do update set
    next_offset = excluded.next_offset,
    stored = ledger.stored + excluded.stored,
    superseded = ledger.superseded + excluded.superseded,
    rejected = ledger.rejected + excluded.rejected,
    lost = ledger.lost + excluded.lost,
    updated_at = clock_timestamp()
"""

_NEWEST = """
select distinct on (symbol, interval, bar_time) * from {table}
order by symbol, interval, bar_time, observed_at desc, kafka_offset desc
"""
# Newest observation wins, then the higher offset; equal values write nothing. observed_at and
# freshness say how a value was seen, not what it is, so they alone make no new version.
_WINS = """
(new.observed_at, new.kafka_offset) > (bar.observed_at, bar.kafka_offset)
and (
    bar.open, bar.high, bar.low, bar.close, bar.volume, bar.session_date, bar.source,
    bar.adjusted, bar.is_final
) is distinct from (
    new.open, new.high, new.low, new.close, new.volume, new.session_date, new.source,
    new.adjusted, new.is_final
)
"""

MERGE: Final = f"""
with merged as (
    insert into market.events_stream as bar ({", ".join(LINE_COLUMNS)})
    select {", ".join(LINE_COLUMNS)} from ({_NEWEST}) as newest
    on conflict (symbol, interval, bar_time) do update set
        open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
        volume = excluded.volume, session_date = excluded.session_date,
        source = excluded.source, freshness = excluded.freshness,
        adjusted = excluded.adjusted, is_final = excluded.is_final,
        observed_at = excluded.observed_at, revision = bar.revision + 1,
        updated_at = clock_timestamp(), kafka_partition = excluded.kafka_partition,
        kafka_offset = excluded.kafka_offset
    where {_WINS.replace("new.", "excluded.")}
    returning kafka_partition, symbol
)
select kafka_partition, count(*), array_agg(distinct symbol) from merged group by kafka_partition
"""

PREVIEW: Final = f"""
select
    count(*) filter (where bar.symbol is null) as added,
    count(*) filter (where bar.symbol is not null and {_WINS}) as changed,
    count(*) as keys
from ({_NEWEST}) as new
left join market.events_stream as bar
    on new.symbol = bar.symbol and new.interval = bar.interval and new.bar_time = bar.bar_time
"""

KEEP_REJECTED: Final = """
insert into market.rejected_events (
    topic, kafka_partition, kafka_offset, key, value, reason, kafka_timestamp
)
select %s, kafka_partition, kafka_offset, key, value, reason, kafka_timestamp from {table}
on conflict (topic, kafka_partition, kafka_offset) do nothing
"""
READ_REJECTED: Final = """
select kafka_partition, kafka_offset, kafka_timestamp, key, value, reason from {table}
order by kafka_partition, kafka_offset
"""
NOTIFY: Final = "select pg_notify(%s, %s)"

READ_RANGES: Final = """
select partition, first_offset, next_offset from market.sink_offsets where topic = %s
"""
READ_MARKS: Final = """
select kafka_offset, string_agg(mark, '') from (
    select kafka_offset, 's' as mark from market.events_stream
    where kafka_partition = %s and kafka_offset >= %s and kafka_offset < %s
    union all
    select kafka_offset, 's' from market.bar_revisions
    where kafka_partition = %s and kafka_offset >= %s and kafka_offset < %s
    union all
    select kafka_offset, 'r' from market.rejected_events
    where topic = %s and kafka_partition = %s and kafka_offset >= %s and kafka_offset < %s
) as marks
group by kafka_offset
"""
_VERSION_COLUMNS = """
    symbol, interval, bar_time, open, high, low, close, volume, session_date, source, adjusted,
    is_final, observed_at, kafka_offset
"""
READ_VERSIONS: Final = f"""
with wanted as materialized (
    select * from unnest(%s::text[], %s::text[], %s::timestamptz[])
        as key (symbol, interval, bar_time)
)
select {_VERSION_COLUMNS} from market.events_stream join wanted using (symbol, interval, bar_time)
union all
select {_VERSION_COLUMNS} from market.bar_revisions join wanted using (symbol, interval, bar_time)
"""
