-- Partitions where bars are likely: each one is planned for in each part of each query. What holds
-- bars stays as it is. sql/partitions.py adds the years to come, one at a time.

-- Columns of views that only other views read went.
call market.drop_views();

do $$
declare
    parent text;
    span record;
    years integer[];
    has_rows boolean;
begin
    foreach parent in array array['events_stream', 'bar_indicators'] loop
        for span in
            -- Long ago several years to a partition; of years to come none.
            select 2000 as first_year, 2009 as last_year, true as is_kept
            union all select 2010, 2014, true
            union all select 2015, 2019, true
            union all select year, year, false
            from generate_series(extract(year from now())::integer + 2, 2040) as year
        loop
            years := array(select generate_series(span.first_year, span.last_year));
            execute (
                select format('select %s', string_agg(
                    format('exists (select from market.%I)', parent || '_' || year), ' or '
                ))
                from unnest(years) as year
            ) into has_rows;
            continue when has_rows;
            execute (
                select format('drop table %s', string_agg(
                    format('market.%I', parent || '_' || year), ', '
                ))
                from unnest(years) as year
            );
            if span.is_kept then
                execute format(
                    'create table market.%1$I partition of market.%2$I '
                    'for values from (%3$L) to (%4$L)%5$s',
                    parent || '_' || span.first_year || '_' || span.last_year,
                    parent,
                    span.first_year || '-01-01 00:00:00+00',
                    span.last_year + 1 || '-01-01 00:00:00+00',
                    case parent when 'events_stream' then ' with (fillfactor = 80)' else '' end
                );
            end if;
        end loop;
    end loop;
end
$$;
