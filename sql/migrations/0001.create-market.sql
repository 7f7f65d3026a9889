-- The bars as they are now, each value that was replaced, what was refused, the ledger, the derived
-- series, and what the views of `bi` need beside the bars.

create schema market;
create schema bi;

comment on schema market is 'The stored bars and the sink''s ledger.';
comment on schema bi is 'Views only: all that Power BI and the dashboard see.';

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
'When the newest answer that held these values arrived (UTC).';
comment on column market.events_stream.revision is
'1 for the first value stored, one more for each change; replaced values are in bar_revisions.';

-- Newest bars first, over all symbols.
create index events_stream_bar_time_idx on market.events_stream (bar_time);

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
    replaced_at timestamptz not null default clock_timestamp()
);

-- The trigger alone writes these rows, which are found by the time of their bar. A key over five
-- columns cost a fifth of the rate at which bars can change, and could refuse nothing that
-- sql/checks does not find.
create index bar_revisions_bar_time_idx on market.bar_revisions (bar_time);

comment on table market.bar_revisions is
'One row per value of a bar that a newer one replaced, kept by a trigger on events_stream.';

-- A statement trigger with a transition table keeps every replaced value, whoever updates, at
-- the price of one insert per statement rather than one per row.
create function market.keep_replaced_bars() returns trigger
language plpgsql as $$
begin
    -- A value seen again later moves observed_at alone, which is no replacement: the sink says so.
    if current_setting('tapeline.confirming', true) = 'on' then
        return null;
    end if;
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

-- Keys are bytes of any length: only their beginning is indexed.
create index rejected_events_key_idx
on market.rejected_events (substr(key, 1, 40), kafka_timestamp);

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

create table market.bar_indicators (
    symbol text not null,
    bar_time timestamptz not null,
    interval text not null,
    session_date date not null,
    change double precision,
    change_percent double precision,
    sma_20 double precision,
    sma_50 double precision,
    sma_200 double precision,
    ema_12 double precision,
    ema_26 double precision,
    ema_50 double precision,
    vwap double precision,
    true_range double precision,
    atr_14 double precision,
    volatility_20 double precision,
    bollinger_upper_20 double precision,
    bollinger_lower_20 double precision,
    rsi_14 double precision,
    volume_zscore_20 double precision,
    average_gain_14 double precision,
    average_loss_14 double precision,
    session_turnover double precision,
    session_volume double precision,
    computed_at timestamptz not null default clock_timestamp(),
    primary key (symbol, interval, bar_time)
) partition by range (bar_time);

comment on table market.bar_indicators is
'One row per bar of events_stream: its derived series, null until their warm-up is over.';
comment on column market.bar_indicators.average_gain_14 is
'With average_loss_14, session_turnover and session_volume: what the next bar goes on from.';

-- Years that intraday history can reach, and some to come; any other date has a home as well. A bar
-- that changes soon after it came finds room beside itself: its new version then needs no new entry
-- in any index.
do $$
begin
    for year in 2000..2040 loop
        execute format(
            'create table market.events_stream_%1$s partition of market.events_stream '
            'for values from (%2$L) to (%3$L) with (fillfactor = 80)',
            year, year || '-01-01 00:00:00+00', year + 1 || '-01-01 00:00:00+00'
        );
        execute format(
            'create table market.bar_indicators_%1$s partition of market.bar_indicators '
            'for values from (%2$L) to (%3$L)',
            year, year || '-01-01 00:00:00+00', year + 1 || '-01-01 00:00:00+00'
        );
    end loop;
end
$$;
create table market.events_stream_default partition of market.events_stream default
with (fillfactor = 80);
create table market.bar_indicators_default partition of market.bar_indicators default;

-- No key: merges only add rows, so that two of them, or one and the computation, never wait for
-- each other.
create table market.indicator_work (
    symbol text not null,
    interval text not null,
    from_time timestamptz not null,
    until_time timestamptz not null
);
create index indicator_work_series_idx on market.indicator_work (symbol, interval);

comment on table market.indicator_work is
'The first and the last bar that a merge wrote in a series, added in the merge''s transaction and '
'removed in the one that has derived the series again from the first of them on.';

create table market.days (
    session_date date primary key,
    begins_at timestamptz not null,
    ends_at timestamptz not null
);

comment on table market.days is
'One row per date that a bar can have. A view that joins bars to it turns a filter on session_date '
'into a range of bar_time, which the key of the bars serves.';
comment on column market.days.begins_at is
'No exchange has begun this date before; with ends_at, from Shanghai''s clock (which once had a '
'summer time) to New York''s.';

insert into market.days (session_date, begins_at, ends_at)
select
    day::date as session_date,
    day at time zone 'UTC' - interval '9 hours' as begins_at,
    day at time zone 'UTC' + interval '29 hours' as ends_at
from generate_series(timestamp '1969-12-31', timestamp '2069-12-31', interval '1 day') as day;

create table market.intervals (
    interval text primary key,
    minutes integer not null unique,
    label text not null,
    usual_days integer not null
);

comment on table market.intervals is 'One row per length of bars.';
comment on column market.intervals.usual_days is
'How many days before a session tell what is usual.';

insert into market.intervals (interval, minutes, label, usual_days) values
('1min', 1, '1 minute', 8),
('5min', 5, '5 minutes', 30),
('15min', 15, '15 minutes', 30),
('30min', 30, '30 minutes', 30),
('60min', 60, '1 hour', 30),
('1d', 1440, '1 day', 30);

create table market.exchange_sessions (
    exchange text not null,
    session_date date not null,
    opens_at timestamptz not null,
    closes_at timestamptz not null,
    is_early_close boolean not null,
    primary key (exchange, session_date)
);

comment on table market.exchange_sessions is
'One row per trading day of an exchange: its regular hours, kept by sql/migrate.py.';

create table market.series (
    symbol text not null,
    interval text not null,
    added_at timestamptz not null default clock_timestamp(),
    primary key (symbol, interval)
);

comment on table market.series is
'One row per (symbol, interval) of which a bar was ever stored.';

-- Every merge leaves word of the series that it wrote; a series that is known costs a look at the
-- key, takes no lock, and so never makes two merges wait for each other.
create function market.add_series() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into market.series (symbol, interval)
    select symbol, interval from written group by symbol, interval order by symbol, interval
    on conflict do nothing;
    return null;
end
$$;
revoke execute on function market.add_series() from public;

create trigger add_series
after insert on market.indicator_work
referencing new table as written
for each statement execute function market.add_series();

grant usage on schema market to stream_writer;
grant select, insert, update on market.events_stream, market.bar_indicators to stream_writer;
grant select, insert, update on market.sink_offsets to stream_writer;
grant select, insert on market.bar_revisions, market.rejected_events to stream_writer;
grant select, insert, delete on market.indicator_work to stream_writer;
-- sql/checks reads it as the stream's role.
grant select on market.series to stream_writer;
grant usage on schema bi to stream_writer, dashboard_reader, powerbi_reader;
