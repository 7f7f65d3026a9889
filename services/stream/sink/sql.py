"""The SQL of the sink, each statement complete."""

from __future__ import annotations

from typing import Final

from services.stream.decoding.copy_binary import ROW_COLUMNS
from services.stream.decoding.copy_text import LINE_COLUMNS

NOTIFY_CHANNEL: Final = "bars"

_BAR_COLUMNS = """(
    symbol text, bar_time timestamptz, interval text, open numeric, high numeric, low numeric,
    close numeric, volume numeric, session_date date, source text, freshness text, basis text,
    is_final boolean, observed_at timestamptz,
    kafka_partition integer, kafka_offset bigint
)"""
_REJECTED_COLUMNS = """(
    kafka_partition integer, kafka_offset bigint, kafka_timestamp timestamptz, key bytea,
    value bytea, reason text
)"""
REJECTED_TYPES: Final = ("int4", "int8", "timestamptz", "bytea", "bytea", "text")

CREATE_STAGING: Final = (
    f"create temporary table staged_bars {_BAR_COLUMNS} on commit delete rows;"
    f"create temporary table staged_rejected {_REJECTED_COLUMNS} on commit delete rows"
)
EMPTY_BARS: Final = "truncate staged_bars"
EMPTY_REJECTED: Final = "truncate staged_rejected"

COPY_LINES: Final = f"copy staged_bars ({', '.join(LINE_COLUMNS)}) from stdin"
COPY_ROWS: Final = f"copy staged_bars ({', '.join(ROW_COLUMNS)}) from stdin (format binary)"
COPY_REJECTED: Final = """
copy staged_rejected (kafka_partition, kafka_offset, kafka_timestamp, key, value, reason)
from stdin
"""

READ_LEDGER: Final = """
select partition, next_offset, topic_id from market.sink_offsets where topic = %s
"""
LOCK_LEDGER: Final = """
select partition, next_offset from market.sink_offsets
where topic = %s and partition = any (%s) order by partition for update
"""
OPEN_LEDGER: Final = """
insert into market.sink_offsets (topic, partition, topic_id, first_offset, next_offset)
select %s, entry.partition, %s, entry.start, entry.start
from unnest(%s::integer[], %s::bigint[]) as entry (partition, start)
on conflict (topic, partition) do nothing
"""
MOVE_LEDGER: Final = """
update market.sink_offsets set
    next_offset = %(until)s,
    stored = stored + %(stored)s,
    superseded = superseded + %(superseded)s,
    rejected = rejected + %(rejected)s,
    lost = lost + %(lost)s,
    updated_at = clock_timestamp()
where topic = %(topic)s and partition = %(partition)s
"""

# observed_at and freshness say how a value was seen, not what it is: they alone make no new
# version.
_DIFFERS = """
(
    bar.open, bar.high, bar.low, bar.close, bar.volume, bar.session_date, bar.source,
    bar.basis, bar.is_final
) is distinct from (
    new.open, new.high, new.low, new.close, new.volume, new.session_date, new.source,
    new.basis, new.is_final
)
"""
# The newest observation wins, then the higher offset; equal values write nothing.
_WINS = f"""
(new.observed_at, new.kafka_offset) > (bar.observed_at, bar.kafka_offset) and {_DIFFERS}
"""
_SAME_BAR = """
new.symbol = bar.symbol and new.interval = bar.interval and new.bar_time = bar.bar_time
"""

# Never true, but it leaves word that there is something to confirm; looking for it in a statement
# of its own would cost every replay of known bars a join.
_SEEN_AGAIN = """
(
    excluded.observed_at > bar.observed_at
    and set_config('tapeline.seen_again', 'on', true) is null
)
"""

# staged_bars holds each bar once, in the order of its key: all merges lock rows in one order.
# What was written leaves word that the indicators are due from there on.
MERGE: Final = f"""
with merged as (
    insert into market.events_stream as bar ({", ".join(LINE_COLUMNS)})
    select {", ".join(LINE_COLUMNS)} from staged_bars
    on conflict (symbol, interval, bar_time) do update set
        open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
        volume = excluded.volume, session_date = excluded.session_date,
        source = excluded.source, freshness = excluded.freshness,
        basis = excluded.basis, is_final = excluded.is_final,
        observed_at = excluded.observed_at, revision = bar.revision + 1,
        updated_at = clock_timestamp(), kafka_partition = excluded.kafka_partition,
        kafka_offset = excluded.kafka_offset
    where {_WINS.replace("new.", "excluded.")} or {_SEEN_AGAIN}
    returning kafka_partition, symbol, interval, bar_time, revision
), marked as (
    insert into market.indicator_work (symbol, interval, from_time, until_time)
    select symbol, interval, min(bar_time), max(bar_time) from merged group by symbol, interval
)
select
    kafka_partition,
    count(*) filter (where revision = 1),
    count(*) filter (where revision > 1),
    array_agg(distinct symbol)
from merged group by kafka_partition
"""

# A value that was seen again later is as new as its last sighting: an older observation that
# arrives after it must lose. No new version comes of it; see keep_replaced_bars.
SEEN_AGAIN: Final = "select current_setting('tapeline.seen_again', true)"
BEGIN_CONFIRMING: Final = "set local tapeline.confirming = on"
CONFIRM: Final = f"""
update market.events_stream as bar set observed_at = new.observed_at
from staged_bars as new
where {_SAME_BAR} and new.observed_at > bar.observed_at and not {_DIFFERS}
"""
END_CONFIRMING: Final = "set local tapeline.confirming = off; set local tapeline.seen_again = off"

PREVIEW: Final = f"""
select
    new.kafka_partition,
    count(*) filter (where bar.symbol is null) as added,
    count(*) filter (where bar.symbol is not null and {_WINS}) as changed
from staged_bars as new
left join market.events_stream as bar on {_SAME_BAR}
group by new.kafka_partition
"""

READ_REFUSED: Final = """
select coalesce(nullif(market.refused_symbol(key), ''), 'no symbol') as name, reason, count(*)
from unnest(%s::integer[], %s::bigint[], %s::bigint[]) as batch (partition, start, until)
inner join market.rejected_events
    on topic = %s and kafka_partition = batch.partition
    and kafka_offset >= batch.start and kafka_offset < batch.until
group by name, reason order by count(*) desc, name, reason limit 10
"""
KEEP_REJECTED: Final = """
insert into market.rejected_events (
    topic, kafka_partition, kafka_offset, key, value, reason, kafka_timestamp
)
select %s, kafka_partition, kafka_offset, key, value, reason, kafka_timestamp from staged_rejected
on conflict (topic, kafka_partition, kafka_offset) do nothing
"""
# A queue that was full stays so when its listeners have caught up or are gone: only a question how
# full it is lets PostgreSQL look where they are, and frees what all have heard.
NOTIFY: Final = "select pg_notification_queue_usage(), pg_notify(%s, %s)"

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
    told_symbol, interval, bar_time, open, high, low, close, volume, session_date, source, basis,
    is_final, observed_at, kafka_offset
"""
READ_VERSIONS: Final = f"""
with wanted as materialized (
    select * from unnest(%s::text[], %s::text[], %s::timestamptz[])
        as key (symbol, interval, bar_time)
), stored as materialized (
    select symbol as told_symbol, symbol, interval, bar_time from wanted
    union
    select wanted.symbol, name.symbol, wanted.interval, wanted.bar_time
    from wanted inner join market.present_names as name on wanted.symbol = name.told_symbol
)
select {_VERSION_COLUMNS} from market.events_stream join stored using (symbol, interval, bar_time)
union all
select {_VERSION_COLUMNS} from market.bar_revisions join stored using (symbol, interval, bar_time)
"""
