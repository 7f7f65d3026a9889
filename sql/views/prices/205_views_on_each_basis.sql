-- Grain: that of the view it is made of (bi.bars, bi.candles, bi.candles_1d_all_hours,
-- bi.candles_60min_from_open, bi.events_stream, bi.bar_indicators, bi.volatility) on each other
-- basis, with the same columns in its order. It comes after all of them.
--   …_split_adjusted  prices divided, volumes multiplied, by the splits since
--   …_total_return    prices also by the spin-offs and cash dividends since
-- The newest session of a symbol is as traded. Prices are rounded to ten decimals, volumes to whole
-- shares. In a row that was adjusted for splits alone (`basis` is split DATE) those up to that day
-- are taken back first; the product is rounded once. One that was adjusted for dividends as well,
-- or nobody knows for what, is passed on as it is, and so is a candle of bars on several bases. An
-- indicator that is a price is scaled as the prices of its bar are.
do $$
declare
    made record;
begin
    for made in
        select
            plain.name,
            basis.suffix,
            -- Bars alone tell which basis they are on.
            case
                when plain.name in ('bar_indicators', 'volatility') then
                    'select coalesce((select stored.basis from market.events_stream as stored'
                    ' where (stored.symbol, stored.interval, stored.bar_time)'
                    ' = (plain.symbol, plain.interval, plain.bar_time)), ''raw'') as basis'
                    ' offset 0' -- looked up once
                else 'select plain.basis'
            end as bar,
            string_agg(
                case
                    when attribute.attname in ('open', 'high', 'low', 'close') then format(
                        'case when applied.symbol is null then market.scaled(plain.%1$I,'
                        ' factor.%2$s_numerator, factor.%2$s_denominator, 1e-10)'
                        ' else market.scaled(plain.%1$I,'
                        ' applied.numerator * coalesce(factor.%2$s_numerator, 1),'
                        ' applied.denominator * coalesce(factor.%2$s_denominator, 1), 1e-10)'
                        ' end as %1$I',
                        attribute.attname, basis.factor
                    )
                    when attribute.attname = 'volume' then
                        'case when applied.symbol is null then market.scaled(plain.volume,'
                        ' factor.split_denominator, factor.split_numerator, 1)'
                        ' else market.scaled(plain.volume,'
                        ' applied.denominator * coalesce(factor.split_denominator, 1),'
                        ' applied.numerator * coalesce(factor.split_numerator, 1), 1)'
                        ' end as volume'
                    when attribute.attname ~ '^(change|sma_\d+|ema_\d+|vwap|true_range|atr_14)$'
                        or attribute.attname like 'bollinger\_%' then format(
                        'plain.%1$I * coalesce((coalesce(applied.numerator, 1)'
                        ' * factor.%2$s_numerator'
                        ' / (coalesce(applied.denominator, 1) * factor.%2$s_denominator))::float8,'
                        ' (applied.numerator / applied.denominator)::float8, 1) as %1$I',
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
            cross join lateral (%4$s) as bar
            left join market.adjustments as factor
                on
                    plain.symbol = factor.symbol
                    and plain.session_date >= factor.from_date
                    and plain.session_date < factor.until_date
                    and market.shares_date(plain.session_date, bar.basis) is not null
            left join market.splits_in_prices as applied
                on
                    bar.basis <> 'raw'
                    and plain.symbol = applied.symbol
                    and plain.session_date >= applied.from_date
                    and plain.session_date < applied.until_date
                    and market.shares_date(plain.session_date, bar.basis) >= applied.shares_from
                    and market.shares_date(plain.session_date, bar.basis) < applied.shares_until
            $view$,
            made.name || '_' || made.suffix, made.name, made.columns, made.bar
        );
    end loop;
end
$$;
