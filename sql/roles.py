"""Roles and the rights of a database: what comes with no dump and no copy of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from services.common.secret import Secret

_ROLES: Final = Path(__file__).with_name("roles.sql")
# Their own passwords are among what the guard puts back.
_KEEP_READERS: Final = b"""
update guard.readers set verifier = rolpassword from pg_authid where rolname = role;
select guard.restore_role(readers) from guard.readers
"""
# The stream's locks, which an idle reader could hold in its place, and what fills the disk. These
# rights are the database's own: a restored or upgraded one has PostgreSQL's defaults again.
_RESERVE_FUNCTIONS: Final = b"""
do $$
declare
    reserved regprocedure;
begin
    for reserved in
        select oid from pg_proc where pronamespace = 'pg_catalog'::regnamespace
            and proname ~ '^(pg_(try_)?advisory_|lo_|lo(read|write)$|pg_logical_emit_message$)'
    loop
        execute format('revoke execute on function %s from public', reserved);
        if reserved::text ~ '^pg_(try_)?advisory_' then
            execute format('grant execute on function %s to stream_writer', reserved);
        end if;
        if reserved::text = 'pg_try_advisory_lock(integer,integer)' then
            execute format('grant execute on function %s to alerts_service', reserved);
        end if;
    end loop;
end
$$
"""
# The role of an operator's standby servers, such as CloudNativePG's: a server that was the primary
# follows the new one only after it could log in there, in the database `postgres`.
_LET_STANDBYS_IN: Final = b"""
do $$
declare
    standby name;
begin
    for standby in
        select rolname from pg_roles where rolreplication and rolcanlogin and not rolsuper
    loop
        execute format('grant connect on database postgres to %I', standby);
    end loop;
end
$$
"""

# Since when a part of the write-ahead log is missing from the repository of backups: the mark that
# services/postgres/pgbackrest/push leaves beside the data. Only a superuser may look there.
_TELL_ARCHIVE_GAP: Final = b"""
create schema if not exists guard;
create or replace function guard.archive_gap_seconds() returns double precision
language sql volatile security definer set search_path = '' as $$
    select coalesce(extract(epoch from pg_catalog.now() - mark.modification), 0)
    from (select 1) as always
    left join pg_catalog.pg_stat_file(
        pg_catalog.current_setting('data_directory') || '/../.archive_gap', true
    ) as mark on true
$$;
revoke execute on function guard.archive_gap_seconds() from public;
grant usage on schema guard to postgres_exporter;
grant execute on function guard.archive_gap_seconds() to postgres_exporter
"""


def apply_roles(admin: psycopg.Connection, passwords: Mapping[str, Secret]) -> None:
    """Make the roles what they are meant to be, in one transaction of the superuser."""
    admin.execute(_ROLES.read_text(encoding="utf-8").encode())
    for role, password in passwords.items():
        # The verifier is made here, so that the password itself never reaches a server log.
        verifier = admin.pgconn.encrypt_password(
            password.reveal().encode(), role.encode(), b"scram-sha-256"
        )
        admin.execute(
            sql.SQL("alter role {} password {}").format(
                sql.Identifier(role), sql.Literal(verifier.decode())
            )
        )
    admin.execute(_KEEP_READERS)


def restrict_database(admin: psycopg.Connection, database: str) -> None:
    """Set what belongs to the server's entry of a database, which no dump or copy brings along."""
    name = sql.Identifier(database)
    statements = (
        "revoke all on database {} from public",
        "grant connect on database {} to stream_writer, alerts_service, market_reader, "
        "postgres_exporter",
        "grant temporary on database {} to stream_writer",
        # Whoever asks for events_stream gets the view, or, inside, the table.
        "alter database {} set search_path = bi, market",
        "alter database {} set timezone = 'UTC'",
    )
    for statement in statements:
        admin.execute(sql.SQL(statement).format(name))
    admin.execute("revoke all on schema public from public")
    # Whoever connects to one of these could fill the disk with temporary tables there.
    admin.execute("revoke all on database postgres, template1 from public")
    admin.execute(_LET_STANDBYS_IN)
    admin.execute(_RESERVE_FUNCTIONS)
    admin.execute(_TELL_ARCHIVE_GAP)
