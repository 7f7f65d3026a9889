-- Grain: one row per (symbol, interval, bar_time): bi.bars on another basis, with its columns.
--   bi.bars_split_adjusted  prices divided, volumes multiplied, by the splits since
--   bi.bars_total_return    prices also by the spin-offs and cash dividends since
-- The newest session of a symbol is as traded. Prices are rounded to ten decimals, volumes to whole
-- shares. A bar that the vendor had adjusted already (`adjusted`) is passed on as it is.
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
            create or replace view bi.bars_%1$s as
            select
                bar.symbol,
                bar.interval,
                bar.session_date,
                bar.bar_time_utc,
                bar.bar_time_exchange,
                bar.minute_of_day,
                market.scaled(bar.open, factor.%2$s_numerator, factor.%2$s_denominator, 1e-10)
                    as open,
                market.scaled(bar.high, factor.%2$s_numerator, factor.%2$s_denominator, 1e-10)
                    as high,
                market.scaled(bar.low, factor.%2$s_numerator, factor.%2$s_denominator, 1e-10)
                    as low,
                market.scaled(bar.close, factor.%2$s_numerator, factor.%2$s_denominator, 1e-10)
                    as close,
                market.scaled(
                    bar.volume, factor.split_denominator, factor.split_numerator, 1
                ) as volume,
                bar.direction,
                bar.source,
                bar.freshness,
                bar.adjusted,
                bar.basis,
                bar.is_final,
                bar.revision,
                bar.observed_at_utc,
                bar.session_part
            from bi.bars as bar
            left join market.adjustments as factor
                on
                    bar.symbol = factor.symbol
                    and bar.session_date >= factor.from_date
                    and bar.session_date < factor.until_date
                    and not bar.adjusted
            $view$,
            basis.name, basis.factor
        );
    end loop;
end
$$;
