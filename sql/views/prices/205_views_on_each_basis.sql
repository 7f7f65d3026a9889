-- Grain: that of the view it is made of (bi.bars, bi.candles, bi.candles_1d_all_hours,
-- bi.candles_60min_from_open, bi.events_stream, bi.bar_indicators, bi.volatility) on each other
-- basis, with the same columns in its order. It comes after all of them.
--   …_split_adjusted  prices divided, volumes multiplied, by the splits since
--   …_total_return    prices also by the spin-offs and cash dividends since
-- The newest session of a symbol is as traded. Prices are rounded to ten decimals, volumes to whole
-- shares. A row that the vendor had adjusted (`adjusted`) is passed on as it is. A candle is of one
-- session, so that all its bars are on one basis. An indicator that is a price is scaled as the
-- prices of its bar are.
do $$
declare
    made record;
begin
    for made in
        select
            plain.name,
            basis.suffix,
            -- Bars alone tell whether the vendor had adjusted them.
            case
                when plain.name in ('bar_indicators', 'volatility') then
                    '(select bar.basis <> ''raw'' from market.events_stream as bar'
                    ' where (bar.symbol, bar.interval, bar.bar_time)'
                    ' = (plain.symbol, plain.interval, plain.bar_time)) is not true'
                else 'not plain.adjusted'
            end as is_as_traded,
            string_agg(
                case
                    when attribute.attname in ('open', 'high', 'low', 'close') then format(
                        'market.scaled(plain.%1$I, factor.%2$s_numerator,'
                        ' factor.%2$s_denominator, 1e-10) as %1$I',
                        attribute.attname, basis.factor
                    )
                    when attribute.attname = 'volume' then
                        'market.scaled(plain.volume, factor.split_denominator,'
                        ' factor.split_numerator, 1) as volume'
                    when attribute.attname ~ '^(change|sma_\d+|ema_\d+|vwap|true_range|atr_14)$'
                        or attribute.attname like 'bollinger\_%' then format(
                        'plain.%1$I * coalesce((factor.%2$s_numerator'
                        ' / factor.%2$s_denominator)::float8, 1) as %1$I',
                        attribute.attname, basis.factor
                    )
                    else format('plain.%I', attribute.attname)
                end,
                ', ' order by attribute.attnum
            ) as columns
        from (
            values ('bars'), ('candles'), ('candles_1d_all_hours'), ('candles_60min_from_open'),
            ('events_stream'), ('bar_indicators'), ('volatility')
        ) as plain (name)
        cross join
            (
                values ('split_adjusted', 'split'), ('total_return', 'return')
            ) as basis (suffix, factor)
        inner join pg_catalog.pg_attribute as attribute
            on attribute.attrelid = ('bi.' || plain.name)::regclass
        where attribute.attnum > 0 and not attribute.attisdropped
        group by plain.name, basis.suffix, basis.factor
    loop
        execute format(
            $view$
            create or replace view bi.%1$I as
            select %3$s
            from bi.%2$I as plain
            left join market.adjustments as factor
                on
                    plain.symbol = factor.symbol
                    and plain.session_date >= factor.from_date
                    and plain.session_date < factor.until_date
                    and %4$s
            $view$,
            made.name || '_' || made.suffix, made.name, made.columns, made.is_as_traded
        );
    end loop;
end
$$;
