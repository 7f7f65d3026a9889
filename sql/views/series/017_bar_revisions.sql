-- Grain: one row per (symbol, interval, bar_time, revision): each value of a bar that a newer one
-- replaced; the value it has now is in bi.events_stream.
--   updated_at   from when on this value was stored
--   replaced_at  when a newer one replaced it
create or replace view bi.bar_revisions as
select
    bar.symbol,
    bar.bar_time,
    bar.interval,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    day.session_date,
    bar.source,
    bar.freshness,
    bar.basis <> 'raw' as adjusted,
    bar.is_final,
    bar.observed_at,
    bar.revision,
    bar.inserted_at,
    bar.updated_at,
    bar.basis,
    bar.replaced_at,
    market.session_part(
        bar.bar_time,
        width.minutes,
        trade.opens_at,
        trade.closes_at,
        market.night_ends_at(bar.symbol, bar.session_date)
    ) as session_part
from market.bar_revisions as bar
inner join market.days as day
    on
        bar.session_date = day.session_date
        and bar.bar_time >= day.begins_at
        and bar.bar_time < day.ends_at
left join market.intervals as width on bar.interval = width.interval
left join market.exchange_sessions as trade
    on
        trade.exchange = market.exchange(bar.symbol)
        and bar.session_date = trade.session_date;
