-- What views look back on: to every session its own bars and those before them, over whatever
-- nights, all on the basis of the session. What was traded before a split is brought across it.
--
-- Grain: one row per (symbol, interval, session_date, bar_time).
--   market.recent_bars   with at least the 25 bars before
--   market.past_derived  likewise, with at least the 1000 bars before, of bars that have
--                        indicators, and some of those
do $$
declare
    -- The newest rows of a table until a session ends.
    looked_up constant text := $lateral$
        lateral (
            select most.* from (
                select stored.*%3$s from market.%1$I as stored
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
    -- Once a bar, and only of those before a split.
    numbered constant text := $column$,
        case
            when stored.session_date < session.last_split_date
                then market.split_number(session.split_dates, stored.session_date, stored.basis)
        end as split_number
    $column$;
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
                    when wanted.name in ('open', 'high', 'low', 'close') then format(
                        'market.scaled(bar.%1$I, session.split_denominators[bar.split_number], '
                        'session.split_numerators[bar.split_number], 1e-10) as %1$I',
                        wanted.name
                    )
                    when wanted.name = 'volume' then
                        'market.scaled(bar.volume, session.split_numerators[bar.split_number], '
                        'session.split_denominators[bar.split_number], 1) as volume'
                    when wanted.name = 'rsi_14' then 'derived.rsi_14'
                    else format(
                        'derived.%1$I * coalesce(session.split_factors[bar.split_number], 1) '
                        'as %1$I',
                        wanted.name
                    )
                end,
                ', ' order by wanted.number
            ) as columns
        from (
            values
            ('recent_bars', 25, 'is_session bar_time open high low close volume'),
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
            %4$s
            $view$,
            made.name,
            made.columns,
            format(looked_up, 'events_stream', made.bars_before, numbered),
            case when made.is_derived then
                'inner join ' || format(looked_up, 'bar_indicators', made.bars_before, '')
                || ' as derived on bar.bar_time = derived.bar_time'
            end
        );
    end loop;
end
$$;
