-- What the views of `bi` need beside the bars: days, intervals, the exchange's sessions, and the
-- series that exist.

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

-- sql/checks reads it as the stream's role.
grant select on market.series to stream_writer;

comment on table market.series is
'One row per (symbol, interval) of which a bar was ever stored.';

insert into market.series (symbol, interval)
select
    symbol,
    interval
from market.events_stream
group by symbol, interval;

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

-- Keys are bytes of any length: only their beginning is indexed.
create index rejected_events_key_idx
on market.rejected_events (substr(key, 1, 40), kafka_timestamp);
