-- Grain: one row per (symbol, interval, bar_time): bar_indicators beside the prices. A moment after
-- the bar; null until then, and until the warm-up is over (see sql/README.md).
--   atr_percent                   atr_14 of the close
--   volatility_20                 sample deviation of the last 20 log returns, per bar
--   volatility_20_annual_percent  sample deviation of the last 20 log returns from one bar of
--                                 regular hours to the next, for a year of as many of those as are
--                                 stored: bars a session on the 30 days before (1min: 8 days) times
--                                 the exchange's sessions of the 365 days before (252 where they
--                                 are not known). Of days, volatility_20 for a year of sessions
--   band_width_percent            upper less lower band, of the middle
--   band_position                 0 at the lower band, 1 at the upper; null where they meet
create or replace view bi.volatility as
select
    bar.symbol,
    bar.interval,
    bar.session_date,
    bar.bar_time at time zone 'UTC' as bar_time_utc,
    bar.bar_time at time zone bar.time_zone as bar_time_exchange,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    derived.true_range,
    derived.atr_14,
    100 * derived.atr_14 / bar.close::double precision as atr_percent,
    derived.volatility_20,
    100 * case when bar.minutes = 1440 then derived.volatility_20 else bar.volatility end
    * sqrt(bar.bars_a_session * bar.sessions_a_year) as volatility_20_annual_percent,
    derived.bollinger_upper_20,
    derived.sma_20 as bollinger_middle_20,
    derived.bollinger_lower_20,
    100 * (derived.bollinger_upper_20 - derived.bollinger_lower_20) / derived.sma_20
        as band_width_percent,
    (bar.close::double precision - derived.bollinger_lower_20)
    / nullif(derived.bollinger_upper_20 - derived.bollinger_lower_20, 0)
        as band_position,
    bar.bar_time
from market.yearly_volatility as bar
left join market.bar_indicators as derived
    on
        bar.symbol = derived.symbol
        and bar.interval = derived.interval
        and bar.bar_time = derived.bar_time;
