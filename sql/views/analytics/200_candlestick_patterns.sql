-- Grain: one row per (symbol, interval, bar_time, pattern): candle patterns by TA-Lib's definitions
-- and default settings. The body is from open to close, the shadows are from the body to high and
-- low; a bar that closes at its open counts as rising. Means are of the ten bars before, that of
-- "near" and "far" of the five before.
--   pattern    doji: the body is at most a tenth of the mean range; hammer: a body below the mean,
--              a lower shadow above the body, an upper one below a tenth of the mean range, the
--              body near the low before or below it; shooting_star: a body below the mean that lies
--              above the body before, an upper shadow above the body, a lower one below a tenth of
--              the mean range; bullish_engulfing, bearish_engulfing: a rising, falling bar whose
--              body covers the body of a falling, rising one before it and is larger;
--              three_white_soldiers: three rising bars, each closing above the one before, opening
--              above its open and not far above its close, with hardly an upper shadow, no body far
--              smaller than the one before, the last above the mean; three_black_crows: after a
--              rising bar whose high the first closes below, three falling ones, each closing below
--              the one before and opening within its body, with hardly a lower shadow
--   direction  what the pattern is said to foretell: up, down, none
-- The bars before may be of an earlier session. A series has none in its first bars.
create or replace view bi.patterns as
with bodies as (
    select
        *,
        abs(close - open) as body,
        high - low as range,
        high - greatest(open, close) as upper_shadow,
        least(open, close) - low as lower_shadow,
        close >= open as rises,
        row_number() over (partition by symbol, interval, session_date order by bar_time) as number
    from market.recent_bars
),

averaged as (
    select
        *,
        avg(body) over ten_before as mean_body,
        avg(range) over ten_before / 10 as hardly,
        avg(range) over five_before * 0.2 as near,
        avg(range) over five_before * 0.6 as far
    from bodies
    window
        ten_before as (
            partition by symbol, interval, session_date order by bar_time
            rows between 10 preceding and 1 preceding
        ),
        five_before as (
            partition by symbol, interval, session_date order by bar_time
            rows between 5 preceding and 1 preceding
        )
),

followed as (
    select
        *,
        upper_shadow < hardly as has_no_top,
        lower_shadow < hardly as has_no_bottom,
        lag(rises) over series as rises_1,
        lag(rises, 2) over series as rises_2,
        lag(rises, 3) over series as rises_3,
        lag(open) over series as open_1,
        lag(open, 2) over series as open_2,
        lag(close) over series as close_1,
        lag(close, 2) over series as close_2,
        lag(low) over series as low_1,
        lag(high, 3) over series as high_3,
        lag(body) over series as body_1,
        lag(body, 2) over series as body_2,
        lag(near) over series as near_1,
        lag(near, 2) over series as near_2,
        lag(far) over series as far_1,
        lag(far, 2) over series as far_2,
        lag(upper_shadow < hardly) over series as has_no_top_1,
        lag(upper_shadow < hardly, 2) over series as has_no_top_2,
        lag(lower_shadow < hardly) over series as has_no_bottom_1,
        lag(lower_shadow < hardly, 2) over series as has_no_bottom_2
    from averaged
    window series as (partition by symbol, interval, session_date order by bar_time)
),

judged as (
    select
        *,
        array[
            -- doji
            number > 10 and body <= hardly,
            -- hammer
            number > 11
            and body < mean_body
            and lower_shadow > body
            and has_no_top
            and least(open, close) <= low_1 + near_1,
            -- shooting_star
            number > 11
            and body < mean_body
            and upper_shadow > body
            and has_no_bottom
            and least(open, close) > greatest(open_1, close_1),
            -- bullish_engulfing
            number > 2
            and rises
            and not rises_1
            and close >= open_1
            and open <= close_1
            and (close > open_1 or open < close_1),
            -- bearish_engulfing
            number > 2
            and not rises
            and rises_1
            and open >= close_1
            and close <= open_1
            and (open > close_1 or close < open_1),
            -- three_white_soldiers
            number > 12
            and rises
            and rises_1
            and rises_2
            and has_no_top
            and has_no_top_1
            and has_no_top_2
            and close > close_1
            and close_1 > close_2
            and open_1 > open_2
            and open_1 <= close_2 + near_2
            and open > open_1
            and open <= close_1 + near_1
            and body_1 > body_2 - far_2
            and body > body_1 - far_1
            and body > mean_body,
            -- three_black_crows
            number > 13
            and rises_3
            and not rises_2
            and not rises_1
            and not rises
            and has_no_bottom
            and has_no_bottom_1
            and has_no_bottom_2
            and open_1 < open_2
            and open_1 > close_2
            and open < open_1
            and open > close_1
            and high_3 > close_2
            and close_2 > close_1
            and close_1 > close
        ] as are_there
    from followed
    where is_session
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
from judged as bar
-- Not lateral: their expressions would be prepared anew for every bar.
cross join (
    values
    (1, 'doji', 'none'),
    (2, 'hammer', 'up'),
    (3, 'shooting_star', 'down'),
    (4, 'bullish_engulfing', 'up'),
    (5, 'bearish_engulfing', 'down'),
    (6, 'three_white_soldiers', 'up'),
    (7, 'three_black_crows', 'down')
) as shape (number, pattern, direction)
where bar.are_there[shape.number];
