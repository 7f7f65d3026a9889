-- The roles of the pipeline; run by the bootstrap superuser before the migrations, again and
-- again. Passwords are set by sql/migrate.py and never stand in a file.
do $$
declare
    role_name text;
begin
    foreach role_name in array
        array['market_owner', 'stream_writer', 'dashboard_reader', 'powerbi_reader']
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
-- The web dashboard and local readers.
alter role dashboard_reader login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
alter role dashboard_reader connection limit 20;
alter role dashboard_reader set default_transaction_read_only = on;
alter role dashboard_reader set statement_timeout = '30s';
-- Power BI, also from outside.
alter role powerbi_reader login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
alter role powerbi_reader connection limit 20;
alter role powerbi_reader set default_transaction_read_only = on;
alter role powerbi_reader set statement_timeout = '60s';
alter role powerbi_reader set idle_in_transaction_session_timeout = '60s';
-- Of both: the disks are such that a row by its key costs hardly more than the next one. Else the
-- planner would rather read all symbols' bars of a day than find one symbol's.
alter role dashboard_reader set random_page_cost = 1.1;
alter role powerbi_reader set random_page_cost = 1.1;
