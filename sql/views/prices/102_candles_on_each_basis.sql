-- Grain: one row per (symbol, interval, start of the candle): bi.candles on another basis, with its
-- columns; see bi.bars_split_adjusted and bi.bars_total_return. A candle is of one session, so that
-- all its bars are on one basis.
do $$
declare
    basis record;
begin
    for basis in
        select * from (
            values ('split_adjusted', 'split'), ('total_return', 'return')
        ) as known (name, factor)
    loop
        execute format(
            $view$
            create or replace view bi.candles_%1$s as
            select
                candle.symbol,
                candle.interval,
                candle.session_date,
                candle.bar_time_utc,
                candle.bar_time_exchange,
                market.scaled(candle.open, factor.%2$s_numerator, factor.%2$s_denominator, 1e-10)
                    as open,
                market.scaled(candle.high, factor.%2$s_numerator, factor.%2$s_denominator, 1e-10)
                    as high,
                market.scaled(candle.low, factor.%2$s_numerator, factor.%2$s_denominator, 1e-10)
                    as low,
                market.scaled(candle.close, factor.%2$s_numerator, factor.%2$s_denominator, 1e-10)
                    as close,
                market.scaled(
                    candle.volume, factor.split_denominator, factor.split_numerator, 1
                ) as volume,
                candle.direction,
                candle.bars,
                candle.is_final,
                candle.rolled_up_from,
                candle.adjusted
            from bi.candles as candle
            left join market.adjustments as factor
                on
                    candle.symbol = factor.symbol
                    and candle.session_date >= factor.from_date
                    and candle.session_date < factor.until_date
                    and not candle.adjusted
            $view$,
            basis.name, basis.factor
        );
    end loop;
end
$$;
