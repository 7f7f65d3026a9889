-- Grain: one row per (symbol, interval, bar_time): bi.events_stream on another basis, with its
-- columns; see bi.bars_split_adjusted and bi.bars_total_return.
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
            create or replace view bi.events_stream_%1$s as
            select
                bar.symbol,
                bar.bar_time,
                bar.interval,
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
                bar.session_date,
                bar.source,
                bar.freshness,
                bar.adjusted,
                bar.is_final,
                bar.observed_at,
                bar.revision,
                bar.inserted_at,
                bar.updated_at,
                bar.basis
            from bi.events_stream as bar
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
