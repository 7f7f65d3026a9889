-- What views look back on: to every session its own bars and those before them, over whatever
-- nights, all on the basis of the session. What was traded before a split is brought across it.
--
-- Grain: one row per (symbol, interval, session_date, bar_time).
--   market.recent_bars     with at least the 25 bars before
--   market.recent_derived  likewise, of bars that have indicators, and some of those
--   market.past_derived    likewise, with at least the 1000 bars before
do $$
declare
    -- The newest rows of a table until a session ends.
    looked_up constant text := $lateral$
        lateral (
            select most.* from (
                select stored.* from market.%1$I as stored
                where
                    (stored.symbol, stored.interval, stored.bar_time)
                    >= (session.symbol, session.interval, '-infinity'::timestamptz)
                    and (stored.symbol, stored.interval, stored.bar_time)
                    < (session.symbol, session.interval, session.ends_at)
                    and stored.session_date <= session.session_date
                order by stored.symbol desc, stored.interval desc, stored.bar_time desc
                limit 3000
            ) as most
            order by most.symbol desc, most.interval desc, most.bar_time desc
            limit session.most_bars + %2$s
        )
    $lateral$;
    made record;
begin
    for made in
        select
            known.name,
            known.bars_before,
            known.name like '%\_derived' as is_derived,
            string_agg(
                case
                    when wanted.name = 'is_session'
                        then 'bar.session_date = session.session_date as is_session'
                    when wanted.name = 'bar_session_date'
                        then 'bar.session_date as bar_session_date'
                    when wanted.name in ('bar_time', 'basis') then format('bar.%I', wanted.name)
                    when wanted.name in ('minutes', 'time_zone', 'opens_at', 'closes_at')
                        or wanted.name like 'split\_%'
                        then format('session.%I', wanted.name)
                    when wanted.name in ('open', 'high', 'low', 'close') then format(
                        'market.scaled(bar.%1$I, split.denominator, split.numerator, 1e-10)'
                        ' as %1$I', wanted.name
                    )
                    when wanted.name = 'volume' then
                        'market.scaled(bar.volume, split.numerator, split.denominator, 1)'
                        ' as volume'
                    when wanted.name in ('volatility_20', 'volume_zscore_20', 'rsi_14')
                        then format('derived.%I', wanted.name)
                    else format(
                        'derived.%1$I * coalesce(split.factor, 1) as %1$I', wanted.name
                    )
                end,
                ', ' order by wanted.number
            ) as columns
        from (
            values
            ('recent_bars', 25, 'is_session bar_time open high low close volume'),
            (
                'recent_derived', 25,
                'is_session bar_time open high low close volume '
                'true_range atr_14 volatility_20 volume_zscore_20 '
                'minutes time_zone opens_at closes_at '
                'split_dates split_factors'
            ),
            (
                'past_derived', 1000,
                'bar_session_date bar_time close '
                'sma_20 sma_50 bollinger_upper_20 bollinger_lower_20 rsi_14 basis'
            )
        ) as known (name, bars_before, columns)
        cross join
            lateral regexp_split_to_table(known.columns, ' ')
            with ordinality as wanted (name, number)
        group by known.name, known.bars_before
    loop
        execute format(
            $view$
            create or replace view market.%1$I as
            select session.symbol, session.interval, session.session_date, %2$s
            from market.sessions_of_series as session
            cross join %3$s as bar
            cross join lateral (
                select
                    session.split_numerators[number] as numerator,
                    session.split_denominators[number] as denominator,
                    session.split_factors[number] as factor
                from (
                    select market.split_number(session.split_dates, bar.session_date, bar.basis)
                        as number
                    offset 0
                ) as told
                offset 0 -- computed once a bar
            ) as split
            %4$s
            $view$,
            made.name,
            made.columns,
            format(looked_up, 'events_stream', made.bars_before),
            case when made.is_derived then
                'inner join ' || format(looked_up, 'bar_indicators', made.bars_before)
                || ' as derived on bar.bar_time = derived.bar_time'
            end
        );
    end loop;
end
$$;
