-- Grain: one row per symbol of which a bar or a quote is stored.
--   exchange    market identifier code, told by the symbol's suffix, or FX, CRYPTO or INDEX; null
--               where that is not known
--   time_zone   the clock of every column that is named _exchange: the exchange's, else UTC
--   quote_unit  what prices are in (GBX is a hundredth of GBP): the exchange's usual one, unless
--               market.quote_units has another for the symbol; of a pair its second currency; null
--               of an index, and where the exchange is not known
--   intervals   how many intervals of bars are stored; 0 of a symbol that has only a quote
--   currency    ISO 4217
--   units_per_currency  how many quote units make one of the currency
--   calendar_until  the last session that the exchange's calendar knows, later ones are assumed;
--               null where it knows all to the end of next year
create or replace view bi.symbols as
with listed as (
    select
        series.symbol,
        series.interval
    from market.series as series
    union all
    select
        quoted.symbol,
        null as interval
    from market.quotes as quoted
),

stored as (
    select
        listed.symbol,
        count(listed.interval)::integer as intervals,
        coalesce(max(own.quote_unit), market.usual_quote_unit(listed.symbol)) as quote_unit
    from listed
    left join market.quote_units as own on listed.symbol = own.symbol
    group by listed.symbol
)

select
    stored.symbol,
    market.exchange(stored.symbol) as exchange,
    market.time_zone(stored.symbol) as time_zone,
    stored.intervals,
    market.currency(stored.quote_unit) as currency,
    stored.quote_unit,
    market.units_per_currency(stored.quote_unit) as units_per_currency,
    case when last.session_date > known.session_date then known.session_date end
        as calendar_until
from stored
left join lateral (
    select session_date from market.exchange_sessions
    where exchange = market.exchange(stored.symbol)
    order by session_date desc limit 1
) as last on true
left join lateral (
    select session_date from market.exchange_sessions
    where exchange = market.exchange(stored.symbol) and not is_assumed
    order by session_date desc limit 1
) as known on true;
