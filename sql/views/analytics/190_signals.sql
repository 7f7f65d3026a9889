-- Grain: one row per (symbol, interval, bar_time, rule) at which a rule fired.
--   rule        ma_cross: sma_20 came to lie above sma_50 (up), below it (down); rsi: rsi_14 rose
--               through 30 (up), fell through 70 (down); band_break: the close rose above the
--               upper band (up), fell below the lower (down)
--   direction   up or down: the way that the rule points
-- "Came", "rose" and "fell": it was not so at the bar before, and both bars have the values.
--   value                  what came to lie above or below the threshold: in the quote unit, of
--                          rsi 0 to 100
--   threshold              what the value came to lie above or below, likewise
--   return_10_percent      close ten bars later against the close, if those are of the same session
--   is_hit                 whether that went the way; null where it is null
--   past_signals           signals of the same rule and direction in the sessions before, of which
--                          the ten bars after were over before this session; looking back over at
--                          least 1000 bars, at most 1000 and as many as a day can hold
--   past_hits              those of them after which the close ten bars later had gone that way
--   past_hit_rate_percent  their share; null if there were none
-- A rate near 50 says that the rule told nothing. Appears a moment after the bar.
create or replace view bi.signals as
with compared as (
    select
        *,
        lag(bar_time) over series as time_before,
        lag(close) over series as close_before,
        lag(sma_20) over series as sma_20_before,
        lag(sma_50) over series as sma_50_before,
        lag(rsi_14) over series as rsi_before,
        lag(bollinger_upper_20) over series as upper_before,
        lag(bollinger_lower_20) over series as lower_before,
        lead(close, 10) over series as close_after,
        lead(bar_session_date, 10) over series as session_after
    from market.past_derived
    window series as (partition by symbol, interval, session_date order by bar_time)
),

fired as (
    select
        bar.symbol,
        bar.interval,
        bar.session_date,
        bar.bar_session_date,
        bar.bar_time,
        bar.close,
        bar.close_after,
        bar.session_after,
        signal.rule,
        signal.direction,
        signal.value,
        signal.threshold
    from compared as bar
    cross join
        lateral (
            values
            ('ma_cross', 1, bar.sma_20, bar.sma_50, bar.sma_20_before <= bar.sma_50_before),
            ('ma_cross', -1, bar.sma_20, bar.sma_50, bar.sma_20_before >= bar.sma_50_before),
            ('rsi', 1, bar.rsi_14, 30, bar.rsi_before <= 30),
            ('rsi', -1, bar.rsi_14, 70, bar.rsi_before >= 70),
            (
                'band_break', 1, bar.close::double precision, bar.bollinger_upper_20,
                bar.close_before::double precision <= bar.upper_before
            ),
            (
                'band_break', -1, bar.close::double precision, bar.bollinger_lower_20,
                bar.close_before::double precision >= bar.lower_before
            )
        ) as signal (rule, direction, value, threshold, was_inactive_before)
    where signal.was_inactive_before and signal.direction * (signal.value - signal.threshold) > 0
),

judged as (
    select
        *,
        direction * (close_after - close) > 0 as moved_in_direction,
        session_after < session_date as is_past
    from fired
),

counted as (
    select
        *,
        count(*) filter (where is_past) over same_rule as past_signals,
        count(*) filter (where is_past and moved_in_direction) over same_rule as past_hits
    from judged
    window same_rule as (partition by symbol, interval, session_date, rule, direction)
)

select
    symbol,
    interval,
    session_date,
    bar_time at time zone 'UTC' as bar_time_utc,
    bar_time at time zone market.time_zone(symbol) as bar_time_exchange,
    rule,
    case direction when 1 then 'up' else 'down' end as direction,
    close,
    value,
    threshold::double precision as threshold,
    (100 * (close_after / close - 1))::double precision as return_10_percent,
    moved_in_direction as is_hit,
    past_signals,
    past_hits,
    100.0::double precision * past_hits / nullif(past_signals, 0) as past_hit_rate_percent,
    bar_time
from counted
where bar_session_date = session_date;
