"""A second migration changes nothing."""

from __future__ import annotations

import logging

import pytest

from scripts.local_stack.servers.passwords import ADMINISTRATOR, ROLES, read_password
from sql import migrate
from tests.fixtures.market import Market, Row
from tests.integration.database.stored_bars import BARS

STATE = {
    "relations": """
        select oid, relnamespace::regnamespace::text, relname, relkind, relfilenode, relacl::text,
            relowner::regrole::text, reloptions::text, pg_get_viewdef(oid)
        from pg_class where relnamespace::regnamespace::text = any(%s) order by oid
    """,
    "functions": """
        select oid, proname, proacl::text, proowner::regrole::text, prosrc,
            case prokind when 'a' then null else pg_get_functiondef(oid) end
        from pg_proc where pronamespace::regnamespace::text = any(%s) order by oid
    """,
    "columns": """
        select attrelid, attnum, attname, format_type(atttypid, atttypmod), attnotnull
        from pg_attribute inner join pg_class on pg_class.oid = attrelid
        where relnamespace::regnamespace::text = any(%s) order by 1, 2
    """,
    "schemas": "select nspname, nspacl::text from pg_namespace where nspname = any(%s) order by 1",
    "roles": "select oid, * from pg_roles where rolname <> any(%s) order by rolname",
    "settings": """
        select setdatabase, setrole, setconfig from pg_db_role_setting where 'x' <> any(%s)
        order by 1, 2
    """,
    "database": """
        select datname, datacl::text, datdba from pg_database
        where datname = current_database() and 'x' <> any(%s)
    """,
}

SCHEMAS = ["market", "bi", "alerts", "migrations", "public"]


def state(market: Market) -> dict[str, list[Row]]:
    return {
        **{name: market.rows(query, (SCHEMAS,)) for name, query in STATE.items()},
        "applied": market.rows("select * from migrations._yoyo_migration order by 1"),
        "bars": market.rows("select xmin::text, * from market.events_stream order by bar_time"),
    }


def test_a_second_migration_changes_nothing(
    market: Market, caplog: pytest.LogCaptureFixture
) -> None:
    market.run(BARS, (), "stream_writer")
    before = state(market)
    assert all(before.values())
    login = market.server.login
    passwords = {role: read_password(file) for role, file in market.server.password_files.items()}
    admin_password = passwords.pop(ADMINISTRATOR)
    settings = migrate.Settings(
        login.host, login.port, market.database, ADMINISTRATOR, admin_password, passwords
    )

    with caplog.at_level(logging.INFO, "migrate"):
        migrate.migrate(settings, logging.getLogger("migrate"))

    assert [record.getMessage() for record in caplog.records if record.name == "migrate"] == [
        "migrations applied: none, all were there",
        "views and grants are up to date",
    ]
    assert state(market) == before
    assert all(market.rows("select 1", (), role) == [(1,)] for role in ROLES)
