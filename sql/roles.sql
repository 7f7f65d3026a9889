-- The roles of the pipeline; run by the bootstrap superuser in the database `postgres`, before the
-- migrations, again and again. Passwords are set by sql/migrate.py and never stand in a file.

-- A role may change its own settings and password for all who log in as it, and raise a session's
-- limits. What is meant stands here; services/postgres/guard sees to it that it lasts, and waits
-- while this runs.
create schema if not exists guard;
create table if not exists guard.readers (
    role name primary key,
    longest_query interval not null,
    longest_transaction interval not null,
    longest_idle interval,
    settings text[] not null,
    verifier text
);
lock table guard.readers in share row exclusive mode;

do $$
declare
    role_name text;
begin
    foreach role_name in array array[
        'market_owner', 'stream_writer', 'alerts_service', 'market_reader', 'dashboard_service',
        'dashboard_reader', 'powerbi_reader', 'postgres_exporter'
    ]
    loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I', role_name);
        end if;
    end loop;
end
$$;

-- Owns the schema and runs the migrations; no service connects as it.
alter role market_owner login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
-- The stream and its replay.
alter role stream_writer login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
-- The market alerts: they read what is stored and write schema alerts.
alter role alerts_service login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
-- Holds what every reader may do, since a role can drop what was granted to itself.
alter role market_reader nologin nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
-- The web dashboard; nobody else knows its password.
alter role dashboard_service login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
-- People who look at the data from inside: psql, pgAdmin, notebooks.
alter role dashboard_reader login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
-- Power BI, also from outside.
alter role powerbi_reader login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
-- Figures of the server for Prometheus; it reads no table.
alter role postgres_exporter login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
alter role postgres_exporter set default_transaction_read_only = on;
alter role postgres_exporter set statement_timeout = '4s';
grant pg_monitor to postgres_exporter;
grant market_reader to dashboard_service, dashboard_reader, powerbi_reader;

-- One budget of connections for each kind of reader: of the server's 80 the stream, its workers,
-- migrations and the superuser have the rest.
alter role alerts_service connection limit 6;
alter role postgres_exporter connection limit 3;
alter role dashboard_service connection limit 12;
alter role dashboard_reader connection limit 20;
alter role powerbi_reader connection limit 20;

insert into guard.readers as known (
    role, longest_query, longest_transaction, longest_idle, settings
)
select
    role,
    longest_query,
    interval '5 minutes' as longest_transaction,
    longest_idle,
    array[
        'default_transaction_read_only=on',
        'idle_in_transaction_session_timeout=60s',
        -- The disks are such that a row by its key costs hardly more than the next one. Else the
        -- planner would rather read all symbols' bars of a day than find one symbol's.
        'random_page_cost=1.1',
        'statement_timeout=' || extract(epoch from longest_query)::integer || 's',
        -- Of one connection, for sorts that do not fit into memory.
        'temp_file_limit=256MB'
    ] as settings
from (
    values
    ('dashboard_service', interval '30 seconds', null),
    ('dashboard_reader', interval '30 seconds', interval '15 minutes'),
    ('powerbi_reader', interval '60 seconds', interval '15 minutes')
) as meant (role, longest_query, longest_idle)
on conflict (role) do update set
    longest_query = excluded.longest_query,
    longest_transaction = excluded.longest_transaction,
    longest_idle = excluded.longest_idle,
    settings = excluded.settings;

create or replace function guard.restore_role(reader guard.readers) returns void
language plpgsql as $$
declare
    elsewhere name;
    setting text;
begin
    for elsewhere in
        select datname from pg_db_role_setting as stored
        inner join pg_database on pg_database.oid = stored.setdatabase
        where stored.setrole = to_regrole(quote_ident(reader.role))
    loop
        execute format('alter role %I in database %I reset all', reader.role, elsewhere);
    end loop;
    execute format('alter role %I reset all', reader.role);
    foreach setting in array reader.settings loop
        execute format(
            'alter role %I set %I = %L',
            reader.role, split_part(setting, '=', 1), split_part(setting, '=', 2)
        );
    end loop;
    if reader.verifier is not null then
        execute format('alter role %I password %L', reader.role, reader.verifier);
    end if;
end
$$;

-- Puts back what a reader has changed of its own role; returns whose that was.
create or replace function guard.restore_roles() returns setof name
language plpgsql as $$
declare
    reader guard.readers;
begin
    lock table guard.readers in share row exclusive mode;
    for reader in
        select known.* from guard.readers as known
        inner join pg_authid as role on role.rolname = known.role
        cross join lateral (
            select
                array_agg(setting order by setting) filter (where setdatabase = 0) as everywhere,
                bool_or(setdatabase <> 0) as in_a_database
            from pg_db_role_setting as stored
            left join lateral unnest(stored.setconfig) as setting on true
            where stored.setrole = role.oid
        ) as now
        where (now.everywhere, now.in_a_database, role.rolpassword)
            is distinct from (known.settings, false, known.verifier)
    loop
        perform guard.restore_role(reader);
        return next reader.role;
    end loop;
end
$$;

-- Ends what a reader does for longer than it may, and returns what that was. The statement timeout
-- has had its chance two seconds earlier. A query that a cancellation does not end within five
-- more, since it handles it or since its client takes no rows, ends with its session.
create or replace function guard.end_sessions() returns setof text
language sql as $$
    select format('%s of %s', what, usename)
    from guard.readers as known
    inner join pg_stat_activity as session on session.usename = known.role
    cross join lateral (
        select
            session.state not in ('active', 'fastpath function call') as is_waiting,
            now() - session.state_change as since,
            coalesce(now() - session.xact_start > known.longest_transaction, false) as is_too_long
    ) as age
    cross join lateral (
        select case
            when is_too_long then 'a long transaction'
            when session.state = 'idle' and since > known.longest_idle then 'an idle session'
            when session.state like 'idle in transaction%' and since > known.longest_query
                then 'an idle transaction'
            when not is_waiting and since > known.longest_query + interval '7 seconds'
                then 'a query that did not end'
            when not is_waiting and since > known.longest_query + interval '2 seconds'
                then 'a long query'
        end as what
    ) as fault
    where session.backend_type = 'client backend'
        and case
            when what is null then false
            when what = 'a long query' then pg_cancel_backend(session.pid)
            else pg_terminate_backend(session.pid)
        end
$$;
