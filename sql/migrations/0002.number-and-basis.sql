-- Numbers keep every digit that was sent, a volume may have a fraction or be unknown, and each bar
-- says what its prices are comparable with. The table is rewritten once: ten seconds a million.

-- Views hold the types of their columns; whoever changes one begins with this. They are created
-- again by the same run of sql/migrate.py.
create procedure market.drop_views()
language plpgsql as $$
declare
    named text;
begin
    select string_agg(format('%s', procedure.oid::regprocedure), ', ') into named
    from pg_catalog.pg_proc as procedure
    where procedure.pronamespace = 'bi'::regnamespace;
    if named is not null then
        execute 'drop routine ' || named;
    end if;
    select string_agg(format('%I.%I', schemaname, viewname), ', ') into named
    from pg_catalog.pg_views
    where schemaname in ('market', 'bi');
    if named is not null then
        execute 'drop view ' || named;
    end if;
end
$$;
revoke execute on procedure market.drop_views() from public;
comment on procedure market.drop_views () is
'Removes every view, as a migration must that changes the type of a column.';

call market.drop_views();

alter table market.events_stream
alter column open type numeric,
alter column high type numeric,
alter column low type numeric,
alter column close type numeric,
alter column volume type numeric,
alter column volume drop not null,
alter column adjusted type text using case when adjusted then 'unknown' else 'raw' end;
alter table market.events_stream rename column adjusted to basis;

comment on column market.events_stream.volume is
'Shares or units traded, perhaps with a fraction; null where the market tells none.';
comment on column market.events_stream.basis is
'raw: prices as traded; adjusted DATE: adjusted by the vendor as of that day; unknown: adjusted, '
'stored before the day was kept. Only bars of one basis may be compared with each other.';
comment on column market.events_stream.updated_at is
'When this value was stored; inserted_at: when the first one was.';

alter table market.bar_revisions
alter column open type numeric,
alter column high type numeric,
alter column low type numeric,
alter column close type numeric,
alter column volume type numeric,
alter column volume drop not null,
alter column adjusted type text using case when adjusted then 'unknown' else 'raw' end;
alter table market.bar_revisions rename column adjusted to basis;

create or replace function market.keep_replaced_bars() returns trigger
language plpgsql as $$
begin
    -- A value seen again later moves observed_at alone, which is no replacement: the sink says so.
    if current_setting('tapeline.confirming', true) = 'on' then
        return null;
    end if;
    insert into market.bar_revisions (
        symbol, bar_time, interval, open, high, low, close, volume, session_date, source,
        freshness, basis, is_final, observed_at, revision, inserted_at, updated_at,
        kafka_partition, kafka_offset
    )
    select
        symbol, bar_time, interval, open, high, low, close, volume, session_date, source,
        freshness, basis, is_final, observed_at, revision, inserted_at, updated_at,
        kafka_partition, kafka_offset
    from replaced;
    return null;
end
$$;

-- The values of a symbol at an instant are found by it; by the time alone, all symbols' were read.
drop index market.bar_revisions_bar_time_idx;
create index bar_revisions_symbol_idx on market.bar_revisions (symbol, bar_time);
