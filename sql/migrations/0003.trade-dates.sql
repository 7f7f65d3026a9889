-- Every exchange by its own calendar and clock: what its sessions need, and what was stored by
-- another clock. A bar's session_date becomes its trade date.

alter table market.exchange_sessions
add column break_starts_at timestamptz,
add column break_ends_at timestamptz,
add column is_assumed boolean not null default false;

comment on column market.exchange_sessions.is_assumed is
'The calendar knows nothing of this date: a weekday, with the regular hours of today.';
comment on column market.events_stream.session_date is
'Trade date of the exchange: in New York, 20:00 to 24:00 belongs to the next session.';

create table market.quote_units (
    symbol text primary key,
    quote_unit text not null check (quote_unit ~ '^[A-Z]{3}$')
);
comment on table market.quote_units is
'One row per symbol whose prices are in another unit than its exchange''s usual one.';

create temporary table stored_elsewhere on commit drop as
select
    series.symbol,
    series.interval,
    clock.zone
from market.series as series
inner join (
    values
    ('LON', 'Europe/London'), ('TRT', 'America/Toronto'), ('TRV', 'America/Toronto'),
    ('DEX', 'Europe/Berlin'), ('FRK', 'Europe/Berlin'), ('BSE', 'Asia/Kolkata'),
    ('SHH', 'Asia/Shanghai'), ('SHZ', 'Asia/Shanghai'), ('HKG', 'Asia/Hong_Kong'),
    ('SAO', 'America/Sao_Paulo'), ('PAR', 'Europe/Paris'), ('AMS', 'Europe/Amsterdam')
) as clock (suffix, zone)
    on
        split_part(series.symbol, '.', 2) <> ''
        and split_part(series.symbol, '.', -1) = clock.suffix;

-- No value is replaced by what follows.
do $$ begin perform set_config('tapeline.confirming', 'on', true); end $$;

-- A day starts at its own midnight, not New York's.
update market.events_stream as bar
set bar_time = bar.session_date::timestamp at time zone elsewhere.zone
from stored_elsewhere as elsewhere
where
    elsewhere.interval = '1d'
    and bar.symbol = elsewhere.symbol
    and bar.interval = elsewhere.interval
    and bar.bar_time <> bar.session_date::timestamp at time zone elsewhere.zone
    and not exists (
        select from market.events_stream as other
        where
            other.symbol = bar.symbol
            and other.interval = bar.interval
            and other.bar_time
            = bar.session_date::timestamp at time zone elsewhere.zone -- noqa: RF01
    );
update market.bar_revisions as bar
set bar_time = bar.session_date::timestamp at time zone elsewhere.zone
from stored_elsewhere as elsewhere
where
    elsewhere.interval = '1d'
    and bar.symbol = elsewhere.symbol
    and bar.interval = elsewhere.interval;

update market.events_stream as bar
set session_date = (bar.bar_time at time zone elsewhere.zone)::date
from stored_elsewhere as elsewhere
where
    elsewhere.interval <> '1d'
    and bar.symbol = elsewhere.symbol
    and bar.interval = elsewhere.interval
    and bar.session_date <> (bar.bar_time at time zone elsewhere.zone)::date;
update market.bar_revisions as bar
set session_date = (bar.bar_time at time zone elsewhere.zone)::date
from stored_elsewhere as elsewhere
where
    elsewhere.interval <> '1d'
    and bar.symbol = elsewhere.symbol
    and bar.interval = elsewhere.interval;

-- New York's evenings.
create temporary table evenings on commit drop as
select
    series.symbol,
    series.interval,
    bar.bar_time,
    (
        select min(trade.session_date) from market.exchange_sessions as trade
        where trade.exchange = 'XNYS' and trade.session_date > bar.session_date
    ) as session_date
from market.series as series
inner join market.events_stream as bar
    on series.symbol = bar.symbol and series.interval = bar.interval
where
    series.interval <> '1d'
    and length(split_part(series.symbol, '.', 2)) <= 1
    and (bar.bar_time at time zone 'America/New_York')::time >= time '20:00'
    and bar.session_date = (bar.bar_time at time zone 'America/New_York')::date;
update market.events_stream as bar
set session_date = evening.session_date
from evenings as evening
where
    bar.symbol = evening.symbol
    and bar.interval = evening.interval
    and bar.bar_time = evening.bar_time
    and evening.session_date is not null;
update market.bar_revisions as bar
set session_date = evening.session_date
from evenings as evening
where
    bar.symbol = evening.symbol
    and bar.interval = evening.interval
    and bar.bar_time = evening.bar_time
    and evening.session_date is not null;

do $$ begin perform set_config('tapeline.confirming', 'off', true); end $$;

-- What is derived of these series is derived again.
create temporary table derived_again on commit drop as
select
    symbol,
    interval
from stored_elsewhere
union
select
    symbol,
    interval
from evenings;
delete from market.bar_indicators as derived
using derived_again as again
where derived.symbol = again.symbol and derived.interval = again.interval;
insert into market.indicator_work (symbol, interval, from_time, until_time)
select
    bar.symbol,
    bar.interval,
    min(bar.bar_time) as from_time,
    max(bar.bar_time) as until_time
from market.events_stream as bar
inner join derived_again as again on bar.symbol = again.symbol and bar.interval = again.interval
group by bar.symbol, bar.interval;
