-- Grain: one row per (symbol, interval, bar_time, rule) at which a rule fired.
--   rule        ma_cross: sma_20 came to lie above sma_50 (up), below it (down); rsi: rsi_14 rose
--               through 30 (up), fell through 70 (down); band_break: the close rose above the
--               upper band (up), fell below the lower (down)
--   direction   up or down: the way that the rule points
-- "Came", "rose" and "fell": it was not so at the bar before, and both bars have the values.
--   value                  what came to lie above or below the threshold: in the quote unit, of
--                          rsi 0 to 100
--   threshold              what the value came to lie above or below, likewise
--   return_10_percent      close ten bars later against the close: of days over the sessions after,
--                          else of the same session; null while there are none, and at its end
--   is_hit                 whether that went the way; null where it is null or went neither way
--   past_signals           signals of the same rule and direction in the sessions before, of which
--                          the outcome was known before this session; looking back over at least
--                          1000 bars, at most 1000 and as many as a day can hold
--   past_hits, past_ties   those of them after which the close had gone that way, gone neither way
--   past_hit_rate_percent  hits, of those that are no ties; null if there were none
--   past_hit_rate_low_percent, past_hit_rate_high_percent  Wilson's interval of it, 95 % sure
--   past_bars              all bars looked back on after which the close had gone up or down
--   base_rate_percent      those of them after which it had gone the way of the signal: what a hit
--                          rate is to be compared with
-- A rate whose interval holds the base rate says that the rule told nothing. Appears a moment after
-- the bar.
create or replace view bi.signals as
with compared as (
    select
        *,
        lag(close_number) over series as close_before,
        lag(sma_20) over series as sma_20_before,
        lag(sma_50) over series as sma_50_before,
        lag(rsi_14) over series as rsi_before,
        lag(bollinger_upper_20) over series as upper_before,
        lag(bollinger_lower_20) over series as lower_before,
        lead(close, 10) over series as close_10,
        lead(bar_session_date, 10) over series as session_10
    from (
        select
            *,
            close::double precision as close_number
        from market.past_derived
    ) as bar
    window series as (partition by symbol, interval, session_date order by bar_time)
),

followed as (
    select
        compared.*,
        outcome.*,
        count(*) filter (where outcome.is_past and outcome.close_after > compared.close)
            over session as past_rises,
        count(*) filter (where outcome.is_past and outcome.close_after < compared.close)
            over session as past_falls
    from compared
    cross join
        lateral ( -- noqa: ST05
            select
                case
                    when compared.interval = '1d' or compared.session_10 = compared.bar_session_date
                        then compared.close_10
                end as close_after,
                compared.session_10 < compared.session_date
                and (
                    compared.interval = '1d' or compared.session_10 = compared.bar_session_date
                ) as is_past
        ) as outcome
    window session as (partition by symbol, interval, session_date)
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
        bar.basis,
        bar.is_past,
        bar.past_rises,
        bar.past_falls,
        signal.rule,
        signal.direction,
        signal.value,
        signal.threshold
    from followed as bar
    cross join
        lateral (
            values
            ('ma_cross', 1, bar.sma_20, bar.sma_50, bar.sma_20_before <= bar.sma_50_before),
            ('ma_cross', -1, bar.sma_20, bar.sma_50, bar.sma_20_before >= bar.sma_50_before),
            ('rsi', 1, bar.rsi_14, 30, bar.rsi_before <= 30),
            ('rsi', -1, bar.rsi_14, 70, bar.rsi_before >= 70),
            (
                'band_break', 1, bar.close_number, bar.bollinger_upper_20,
                bar.close_before <= bar.upper_before
            ),
            (
                'band_break', -1, bar.close_number, bar.bollinger_lower_20,
                bar.close_before >= bar.lower_before
            )
        ) as signal (rule, direction, value, threshold, was_inactive_before)
    where
        signal.was_inactive_before
        and signal.direction * (signal.value - signal.threshold) > 0
        -- Few bars cross anything, and the others need no look at the rules.
        and (
            (bar.sma_20 > bar.sma_50) <> (bar.sma_20_before > bar.sma_50_before)
            or (bar.sma_20 < bar.sma_50) <> (bar.sma_20_before < bar.sma_50_before)
            or (bar.rsi_14 > 30) <> (bar.rsi_before > 30)
            or (bar.rsi_14 < 70) <> (bar.rsi_before < 70)
            or (bar.close_number > bar.bollinger_upper_20) <> (bar.close_before > bar.upper_before)
            or (bar.close_number < bar.bollinger_lower_20) <> (bar.close_before < bar.lower_before)
        )
),

-- The days after the session: the bars looked back on end with it.
judged as (
    select
        fired.symbol,
        fired.interval,
        fired.session_date,
        fired.bar_session_date,
        fired.bar_time,
        fired.close,
        fired.rule,
        fired.direction,
        fired.value,
        fired.threshold,
        fired.is_past,
        fired.past_rises,
        fired.past_falls,
        outcome.close_after,
        sign(fired.direction * (outcome.close_after - fired.close)) as outcome
    from fired
    left join lateral (
        select
            stored.close,
            stored.session_date,
            stored.basis
        from market.events_stream as stored
        where
            fired.interval = '1d'
            and fired.bar_session_date = fired.session_date
            and (stored.symbol, stored.interval, stored.bar_time)
            > (fired.symbol, fired.interval, fired.bar_time)
            and (stored.symbol, stored.interval, stored.bar_time)
            < (fired.symbol, fired.interval, 'infinity'::timestamptz)
        order by stored.symbol, stored.interval, stored.bar_time
        limit 1 offset 9
    ) as later on true
    left join lateral (
        select
            market.product(numerator) as numerator,
            market.product(denominator) as denominator
        from market.splits
        where
            symbol = fired.symbol
            and ex_date
            > coalesce(market.shares_date(fired.session_date, fired.basis), fired.session_date)
            and ex_date <= market.shares_date(later.session_date, later.basis)
        having count(*) > 0
    ) as split on true
    cross join
        lateral ( -- noqa: ST05
            select
                coalesce(
                    fired.close_after,
                    -- On the basis of the signal's session.
                    market.scaled(later.close, split.numerator, split.denominator, 1e-10)
                ) as close_after
        ) as outcome
),

counted as (
    select
        *,
        count(*) filter (where is_past) over same_rule as past_signals,
        count(*) filter (where is_past and outcome > 0) over same_rule as past_hits,
        count(*) filter (where is_past and outcome = 0) over same_rule as past_ties
    from judged
    window same_rule as (partition by symbol, interval, session_date, rule, direction)
),

rated as (
    select
        *,
        nullif(past_signals - past_ties, 0)::double precision as cases,
        past_hits::double precision / nullif(past_signals - past_ties, 0) as hit_rate,
        -- The square of the normal deviate of 95 percent.
        3.8414588206941254::double precision as z2
    from counted
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
    case outcome when 1 then true when -1 then false end as is_hit,
    past_signals,
    past_hits,
    100 * hit_rate as past_hit_rate_percent,
    bar_time,
    past_ties,
    100 * (
        hit_rate + z2 / (2 * cases)
        - sqrt(z2 * (hit_rate * (1 - hit_rate) + z2 / (4 * cases)) / cases)
    ) / (1 + z2 / cases) as past_hit_rate_low_percent,
    100 * (
        hit_rate + z2 / (2 * cases)
        + sqrt(z2 * (hit_rate * (1 - hit_rate) + z2 / (4 * cases)) / cases)
    ) / (1 + z2 / cases) as past_hit_rate_high_percent,
    past_rises + past_falls as past_bars,
    100.0::double precision * case direction when 1 then past_rises else past_falls end
    / nullif(past_rises + past_falls, 0) as base_rate_percent
from rated
where bar_session_date = session_date;
