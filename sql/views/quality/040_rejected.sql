-- The symbol that a refused record's key names; empty where the key is none.
create or replace function market.refused_symbol(key bytea) returns text
language sql immutable parallel safe
return case
    when length(key) <= 16 and encode(key, 'escape') ~ '^[A-Z0-9^][A-Z0-9.&^=-]*$'
        then encode(key, 'escape')
    else ''
end;

-- Grain: one row per (symbol, reason, day): how many records were refused. No payload is shown;
-- symbol is empty where the record's key is none.
--   symbol            the symbol in the record's key; empty where the key is none
--   reason            why, as a code
--   rejected_on_utc   the date on which they were refused
--   records           how many
--   last_rejected_at  when the last of them was refused
create or replace view bi.rejected_by_reason as
select
    reason,
    (rejected_at at time zone 'UTC')::date as rejected_on_utc,
    count(*) as records,
    max(rejected_at) as last_rejected_at,
    market.refused_symbol(key) as symbol
from market.rejected_events
group by reason, (rejected_at at time zone 'UTC')::date, market.refused_symbol(key);

-- Grain: one row per (symbol, interval, date) of series of which nothing is stored, since every
-- record was refused; the date is when they reached Kafka (UTC). Keys are found one by one in their
-- index: of a symbol there may be very many records.
create or replace view market.refused_series as
with recursive named as (
    (
        select substr(key, 1, 40) as prefix from market.rejected_events
        where key is not null
        order by substr(key, 1, 40) limit 1
    )
    union all
    select (
        select substr(later.key, 1, 40) from market.rejected_events as later
        where substr(later.key, 1, 40) > named.prefix
        order by substr(later.key, 1, 40) limit 1
    ) as prefix
    from named
    where named.prefix is not null
)

select
    market.refused_symbol(named.prefix) as symbol,
    width.interval,
    (refused.kafka_timestamp at time zone 'UTC')::date as session_date,
    count(*) as records
from named
inner join market.rejected_events as refused on substr(refused.key, 1, 40) = named.prefix
inner join market.intervals as width
    on substring(
        encode(substr(refused.value, 1, 1000), 'escape') from '"interval": ?"([0-9a-z]+)"'
    ) = width.interval
where
    market.refused_symbol(named.prefix) <> ''
    and not exists (
        select from market.series as series
        where
            series.symbol = market.refused_symbol(named.prefix)
            and series.interval = width.interval
    )
group by named.prefix, width.interval, (refused.kafka_timestamp at time zone 'UTC')::date;
