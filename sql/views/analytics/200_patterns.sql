-- Grain: one row per (symbol, interval, bar_time, pattern): classic candle patterns. The body is
-- from open to close, the shadows are from the body to high and low.
--   doji                  the body is at most a tenth of the range; none
--   hammer                the lower shadow is at least two bodies, the upper at most a third of
--                         one; up
--   shooting_star         the upper shadow is at least two bodies, the lower at most a third of
--                         one; down
--   bullish_engulfing     a falling bar, then a rising one whose larger body covers its body; up
--   bearish_engulfing     a rising bar, then a falling one whose larger body covers its body; down
--   three_white_soldiers  three rising bars, each opening within the body before and closing above
--                         it; up
--   three_black_crows     three falling bars, each opening within the body before and closing below
--                         it; down
--   pattern               one of these
--   direction             what the pattern is said to foretell: up, down, none
-- A bar that did not move at all has no pattern. The bars before may be of an earlier session.
create or replace view bi.patterns as
with bodies as (
    select
        *,
        abs(close - open) as body,
        high - low as range,
        high - greatest(open, close) as upper_shadow,
        least(open, close) - low as lower_shadow,
        sign(close - open) as side,
        lag(open) over series as open_1,
        lag(close) over series as close_1,
        lag(open, 2) over series as open_2,
        lag(close, 2) over series as close_2
    from market.recent_bars
    window series as (partition by symbol, interval, session_date order by bar_time)
)

select
    bar.symbol,
    bar.interval,
    bar.session_date,
    bar.bar_time at time zone 'UTC' as bar_time_utc,
    bar.bar_time at time zone market.time_zone(bar.symbol) as bar_time_exchange,
    shape.pattern,
    shape.direction,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    bar.bar_time
from bodies as bar
cross join
    lateral (
        values
        ('doji', 'none', bar.range > 0 and bar.body <= bar.range / 10),
        (
            'hammer', 'up',
            bar.body > 0 and bar.lower_shadow >= 2 * bar.body and bar.upper_shadow <= bar.body / 3
        ),
        (
            'shooting_star', 'down',
            bar.body > 0 and bar.upper_shadow >= 2 * bar.body and bar.lower_shadow <= bar.body / 3
        ),
        (
            'bullish_engulfing', 'up',
            bar.side = 1
            and bar.close_1 < bar.open_1
            and bar.open <= bar.close_1
            and bar.close >= bar.open_1
            and bar.body > bar.open_1 - bar.close_1
        ),
        (
            'bearish_engulfing', 'down',
            bar.side = -1
            and bar.close_1 > bar.open_1
            and bar.open >= bar.close_1
            and bar.close <= bar.open_1
            and bar.body > bar.close_1 - bar.open_1
        ),
        (
            'three_white_soldiers', 'up',
            bar.side = 1
            and bar.close_1 > bar.open_1
            and bar.close_2 > bar.open_2
            and bar.open between bar.open_1 and bar.close_1
            and bar.open_1 between bar.open_2 and bar.close_2
            and bar.close > bar.close_1
            and bar.close_1 > bar.close_2
        ),
        (
            'three_black_crows', 'down',
            bar.side = -1
            and bar.close_1 < bar.open_1
            and bar.close_2 < bar.open_2
            and bar.open between bar.close_1 and bar.open_1
            and bar.open_1 between bar.close_2 and bar.open_2
            and bar.close < bar.close_1
            and bar.close_1 < bar.close_2
        )
    ) as shape (pattern, direction, is_there)
where bar.is_session and shape.is_there;
