-- The bars as they are now, each value that was replaced, what was refused, and the ledger.

create schema market;
create schema bi;
create schema staging;

comment on schema market is 'The stored bars and the sink''s ledger.';
comment on schema bi is 'Views only: all that Power BI and the dashboard see.';
comment on schema staging is 'Unlogged tables through which large batches reach the merge.';

create table market.events_stream (
    symbol text not null,
    bar_time timestamptz not null,
    interval text not null,
    open numeric(18, 6) not null,
    high numeric(18, 6) not null,
    low numeric(18, 6) not null,
    close numeric(18, 6) not null,
    volume bigint not null,
    session_date date not null,
    source text not null,
    freshness text not null,
    adjusted boolean not null,
    is_final boolean not null,
    observed_at timestamptz not null,
    revision integer not null default 1,
    inserted_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    kafka_partition integer not null,
    kafka_offset bigint not null,
    primary key (symbol, interval, bar_time)
) partition by range (bar_time);

comment on table market.events_stream is
'One row per (symbol, interval, bar_time): the newest observation of each bar.';
comment on column market.events_stream.bar_time is
'Start of the bar (UTC); for 1d the local midnight of the session.';
comment on column market.events_stream.session_date is
'Trading day on the exchange''s own clock.';
comment on column market.events_stream.observed_at is
'When the answer that held these values arrived (UTC).';
comment on column market.events_stream.revision is
'1 for the first value stored, one more for each change; replaced values are in bar_revisions.';

-- Newest bars first, over all symbols.
create index events_stream_bar_time_idx on market.events_stream (bar_time);

-- Years that intraday history can reach, and some to come; any other date has a home as well.
do $$
begin
    for year in 2000..2040 loop
        execute format(
            'create table market.events_stream_%1$s partition of market.events_stream '
            'for values from (%2$L) to (%3$L)',
            year, year || '-01-01 00:00:00+00', year + 1 || '-01-01 00:00:00+00'
        );
    end loop;
end
$$;
create table market.events_stream_default partition of market.events_stream default;

create table market.bar_revisions (
    symbol text not null,
    bar_time timestamptz not null,
    interval text not null,
    open numeric(18, 6) not null,
    high numeric(18, 6) not null,
    low numeric(18, 6) not null,
    close numeric(18, 6) not null,
    volume bigint not null,
    session_date date not null,
    source text not null,
    freshness text not null,
    adjusted boolean not null,
    is_final boolean not null,
    observed_at timestamptz not null,
    revision integer not null,
    inserted_at timestamptz not null,
    updated_at timestamptz not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    replaced_at timestamptz not null default clock_timestamp(),
    -- replaced_at keeps the key free even if a bar was removed by hand and came back.
    primary key (symbol, interval, bar_time, revision, replaced_at)
);

comment on table market.bar_revisions is
'One row per value of a bar that a newer one replaced, kept by a trigger on events_stream.';

-- A statement trigger with a transition table keeps every replaced value, whoever updates, at
-- the price of one insert per statement rather than one per row.
create function market.keep_replaced_bars() returns trigger
language plpgsql as $$
begin
    insert into market.bar_revisions (
        symbol, bar_time, interval, open, high, low, close, volume, session_date, source,
        freshness, adjusted, is_final, observed_at, revision, inserted_at, updated_at,
        kafka_partition, kafka_offset
    )
    select
        symbol, bar_time, interval, open, high, low, close, volume, session_date, source,
        freshness, adjusted, is_final, observed_at, revision, inserted_at, updated_at,
        kafka_partition, kafka_offset
    from replaced;
    return null;
end
$$;

create trigger keep_replaced_bars
after update on market.events_stream
referencing old table as replaced
for each statement execute function market.keep_replaced_bars();

create table market.rejected_events (
    topic text not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    key bytea,
    value bytea,
    reason text not null,
    kafka_timestamp timestamptz not null,
    rejected_at timestamptz not null default clock_timestamp(),
    primary key (topic, kafka_partition, kafka_offset)
);

comment on table market.rejected_events is
'One row per Kafka record that was refused: its bytes untouched, its origin and one reason code.';

create table market.sink_offsets (
    topic text not null,
    partition integer not null,
    topic_id text not null,
    first_offset bigint not null,
    next_offset bigint not null check (next_offset >= first_offset),
    stored bigint not null default 0,
    superseded bigint not null default 0,
    rejected bigint not null default 0,
    lost bigint not null default 0,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (topic, partition)
);

comment on table market.sink_offsets is
'The ledger, one row per Kafka partition, moved in the transaction that stores the bars: every '
'record from first_offset up to next_offset was stored, superseded, rejected, or lost.';
comment on column market.sink_offsets.lost is
'Records that Kafka had removed before they were read, counted when an operator accepted that.';

grant usage on schema market, staging to stream_writer;
grant create on schema staging to stream_writer;
grant select, insert, update on market.events_stream, market.sink_offsets to stream_writer;
grant select, insert on market.bar_revisions, market.rejected_events to stream_writer;
grant usage on schema bi to stream_writer, dashboard_reader, powerbi_reader;
