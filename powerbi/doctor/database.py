"""Asks an endpoint by SQL, as the role of Power BI: rights, settings, views and their speed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from powerbi.doctor.faults import RefusedError
from powerbi.doctor.observations import Role, Target, Views

_READS_ALREADY = "('bi', 'pg_catalog', 'information_schema')"
_POWERS = """
select unnest(array_remove(array[
    case when rolsuper then 'superuser' end, case when rolcreatedb then 'createdb' end,
    case when rolcreaterole then 'createrole' end, case when rolreplication then 'replication' end,
    case when rolbypassrls then 'bypassrls' end
], null)) from pg_roles where rolname = current_user
union all
select 'member of ' || rolname from pg_auth_members inner join pg_roles on pg_roles.oid = roleid
where member = (select oid from pg_roles where rolname = current_user)
    -- A group without powers only lends its rights to objects, which are looked at below.
    and (
        rolname ~ '^pg_' or rolcanlogin or rolsuper or rolcreatedb or rolcreaterole
        or rolreplication or rolbypassrls
    )
order by 1
"""
_RELATIONS = """
select c.oid, format('%I.%I', n.nspname, c.relname) as name, n.nspname as schema
from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_toast|^pg_temp'
    and has_schema_privilege(n.oid, 'usage')
"""
_READS_BEYOND = f"""
select name from ({_RELATIONS}) as seen
where schema not in {_READS_ALREADY} and has_table_privilege(oid, 'select') order by 1
"""  # noqa: S608 - of constants of this file
_WRITES = f"""
select name from ({_RELATIONS}) as seen
where schema not in ('pg_catalog', 'information_schema')
    and has_table_privilege(oid, 'insert, update, delete, truncate')
union all
select format('new objects in schema %I', nspname) from pg_namespace
where nspname !~ '^pg_' and has_schema_privilege(oid, 'create')
union all
select format('new %s in the database', kind)
from (values ('schemas', 'create'), ('temporary tables', 'temporary')) as right_to (kind, name)
where has_database_privilege(current_database(), right_to.name)
order by 1
"""  # noqa: S608 - of constants of this file
_SETTINGS = """
select name, setting from pg_settings where name in (
    'default_transaction_read_only', 'statement_timeout', 'idle_in_transaction_session_timeout'
)
"""
_COLUMNS = """
select table_name, column_name from information_schema.columns where table_schema = 'bi'
"""
_VIEWS = """
select relname from pg_class
where relnamespace = to_regnamespace('bi') and relkind in ('r', 'v', 'm')
"""
_NEWEST = """
select symbol, interval, session_date::text from bi.latest_quote
order by session_date desc, symbol limit 1
"""


class Session:
    """An open connection. Every question raises RefusedError if it fails."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def role(self) -> Role:
        """Return what there is to know of the role."""
        [(limit,)] = self._asked("select rolconnlimit from pg_roles where rolname = current_user")
        return Role(
            self._names(_POWERS),
            self._names(_READS_BEYOND),
            self._names(_WRITES),
            {str(name): str(setting) for name, setting in self._asked(_SETTINGS)},
            int(str(limit)),
        )

    def views(self) -> Views:
        """Return the views of `bi`."""
        columns: dict[str, set[str]] = {}
        for view, column in self._asked(_COLUMNS):
            columns.setdefault(str(view), set()).add(str(column))
        found = {view: frozenset(names) for view, names in columns.items()}
        return Views(frozenset(self._names(_VIEWS)), found)

    def newest(self) -> tuple[str, str, str] | None:
        """Return symbol, interval and session of the newest bar, or None without any."""
        rows = self._asked(_NEWEST)
        return (str(rows[0][0]), str(rows[0][1]), str(rows[0][2])) if rows else None

    def seconds(self, query: str) -> float:
        """Run a query to its last row; return how long that took."""
        begin = time.monotonic()
        self._asked(query)
        return time.monotonic() - begin

    def _names(self, query: str) -> list[str]:
        return [str(row[0]) for row in self._asked(query)]

    def _asked(self, query: str) -> list[tuple[object, ...]]:
        try:
            return self._connection.execute(query.encode()).fetchall()
        except errors.QueryCanceled as error:
            raise RefusedError("view too slow", described(error)) from None
        except psycopg.Error as error:
            raise RefusedError("view failed", described(error)) from None


@contextmanager
def opened(target: Target) -> Iterator[Session]:
    """Connect by TLS 1.2, with chain and name checked and without channel binding.

    Raises RefusedError.
    """
    try:
        connection = psycopg.connect(
            host=target.host,
            port=target.port,
            dbname=target.database,
            user=target.user,
            password=target.password.reveal(),
            sslmode="verify-full",
            sslrootcert=str(target.ca_file),
            ssl_max_protocol_version="TLSv1.2",
            channel_binding="disable",
            gssencmode="disable",
            require_auth="scram-sha-256",
            connect_timeout=max(2, int(target.timeout_seconds)),
            application_name="powerbi doctor",
            options="-c ssl_renegotiation_limit=0 -c datestyle=ISO",
            autocommit=True,
        )
    except psycopg.Error as error:
        raise RefusedError("login failed", described(error)) from None
    with connection:
        yield Session(connection)


def described(error: psycopg.Error) -> str:
    """Return SQLSTATE and message in one line."""
    message = " ".join(str(error).split())
    return f"{error.sqlstate}: {message}" if error.sqlstate else message
