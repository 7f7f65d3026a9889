"""What each role may do."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest
from psycopg import errors

from scripts.local_stack.servers.passwords import ADMINISTRATOR, EXPORTER, ROLES
from services.common.advisory_locks import ADVISORY_CLASS, LOCK_STREAM
from services.stream.sink import postgres
from sql.roles import restrict_database
from tests.fixtures.market import Market
from tests.integration.database.stored_bars import BARS, READERS

ARTICLE = """
SELECT symbol, bar_time, open, close, volume FROM events_stream ORDER BY bar_time DESC LIMIT 10;
"""


def test_the_query_of_the_article_works_as_it_stands_for_every_role(market: Market) -> None:
    market.run(BARS, (), "stream_writer")

    asking = [role for role in (ADMINISTRATOR, *ROLES) if role != EXPORTER]
    answers = {role: market.rows(ARTICLE, (), role) for role in asking}

    wanted = market.rows(
        "select 'AAPL', timestamptz '2025-11-06 14:30Z' + number * interval '1 minute', "
        "2::numeric(18, 6), 2.5::numeric(18, 6), number::bigint "
        "from generate_series(12, 3, -1) as number"
    )
    assert len(wanted) == 10
    assert answers == dict.fromkeys(asking, wanted)


@pytest.mark.parametrize("role", READERS)
def test_a_reader_sees_every_view_and_is_bounded(role: str, market: Market) -> None:
    views = [row[0] for row in market.rows("select viewname from pg_views where schemaname = 'bi'")]
    assert {"events_stream", "candles_1d", "sink_status", "rejected_by_reason"} <= {*views}
    filled = {"dates", "exchange_sessions", "intervals"}  # of no bar
    assert {view for view in views if market.rows(f"table bi.{view}", (), role)} == filled

    assert market.rows("show default_transaction_read_only", (), role) == [("on",)]
    assert market.rows("show timezone", (), role) == [("UTC",)]
    [(timeout,)] = market.rows("show statement_timeout", (), role)
    assert timeout in ("30s", "1min")
    assert market.rows("show temp_file_limit", (), role) == [("256MB",)]
    [limit] = market.rows("select rolconnlimit from pg_roles where rolname = %s", (role,))
    assert limit == (12 if role == "dashboard_service" else 20,)


FORBIDDEN_TO_READERS = (
    "select * from market.events_stream",
    "select * from market.bar_revisions",
    "select * from market.rejected_events",
    "select * from market.sink_offsets",
    "select * from market.session_bars",
    "select * from market.exchange_sessions",
    "select * from market.series",
    "select market.add_series()",
    "select * from migrations._yoyo_migration",
    "select * from pg_authid",
    "insert into bi.intervals (interval) values ('X')",
    "update bi.intervals set minutes = 1",
    "delete from bi.intervals",
    "create table bi.mine (x int)",
    "create table public.mine (x int)",
    "create table market.mine (x int)",
    "create temporary table mine (x int)",
    "create schema mine",
    "create view bi.mine as select 1",
    "create or replace view bi.events_stream as select 1 as symbol",
    "drop view bi.sink_status",
    "create role mine",
    "set role stream_writer",
    "set session authorization postgres",
    "copy bi.events_stream to program 'cat'",
    "copy (select 1) to '/tmp/bars'",
    "select pg_read_file('/etc/passwd')",
    "select pg_advisory_lock(31390, 1)",
    "select pg_try_advisory_lock(31390, 1)",
    "select pg_advisory_xact_lock_shared(31390, 1)",
    "select pg_advisory_unlock_all()",
    "select lo_creat(-1)",
    "select lo_create(0)",
    "select lo_from_bytea(0, 'x')",
    "select lo_put(1, 0, 'x')",
    "select lowrite(0, 'x')",
    "select pg_logical_emit_message(false, 'x', repeat('x', 1000))",
    "set temp_file_limit = -1",
    "lock table bi.events_stream in share mode",
    "select 1 from bi.intervals for update",
)

FORBIDDEN_TO_THE_WRITER = (
    "drop table market.events_stream",
    "truncate market.events_stream",
    "delete from market.events_stream",
    "delete from market.bar_revisions",
    "update market.bar_revisions set close = 1",
    "delete from market.rejected_events",
    "update market.rejected_events set reason = ''",
    "delete from market.sink_offsets",
    "alter table market.events_stream disable trigger keep_replaced_bars",
    "insert into market.series (symbol, interval) values ('X', '1min')",
    "delete from market.series",
    "insert into market.exchange_sessions values ('XNYS', '2025-11-27', now(), now(), false)",
    "alter table market.events_stream add column x int",
    "create table market.mine (x int)",
    "create table bi.mine (x int)",
    "create table public.mine (x int)",
    "create schema mine",
    "drop view bi.events_stream",
    "insert into bi.intervals (interval) values ('X')",
    "select * from migrations._yoyo_migration",
    "select * from pg_authid",
    "create role mine",
    "set role market_owner",
    "copy (select 1) to program 'cat'",
    "select pg_read_file('/etc/passwd')",
)

DENIED = errors.InsufficientPrivilege.sqlstate

# A view over two tables: whoever asks.
IMPOSSIBLE = (
    "insert into bi.events_stream (symbol) values ('X')",
    "update bi.events_stream set close = 1",
    "delete from bi.events_stream",
)

NOT_WRITABLE = errors.ObjectNotInPrerequisiteState.sqlstate


def answers(market: Market, role: str, statements: tuple[str, ...]) -> dict[str, str | None]:
    """Run each statement by itself, ready to write; return its SQLSTATE, None if it worked."""
    found: dict[str, str | None] = {}
    with market.connect(role) as connection:
        for statement in statements:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute("set transaction read write")
                    connection.execute(statement.encode())
                found[statement] = None
            except psycopg.Error as error:
                found[statement] = error.sqlstate
    return found


@pytest.mark.parametrize("role", READERS)
def test_a_reader_may_do_nothing_else_even_if_it_asks_to_write(role: str, market: Market) -> None:
    wanted = dict.fromkeys(FORBIDDEN_TO_READERS, DENIED)
    assert answers(market, role, FORBIDDEN_TO_READERS) == wanted
    assert answers(market, role, IMPOSSIBLE) == dict.fromkeys(IMPOSSIBLE, NOT_WRITABLE)


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_a_reader_comes_into_no_other_database(role: str, database: str, market: Market) -> None:
    elsewhere = Market(market.server, database)
    with pytest.raises(psycopg.OperationalError, match="User does not have CONNECT privilege"):
        elsewhere.rows("select 1", (), role)


def test_the_role_of_an_operators_standbys_still_comes_in(market: Market) -> None:
    market.run("create role standby login replication password 'standby'")
    try:
        with market.connect(ADMINISTRATOR) as connection:
            restrict_database(connection, market.database)
        [(may,)] = market.rows("select has_database_privilege('standby', 'postgres', 'connect')")
        assert may
    finally:
        market.run("drop owned by standby")
        market.run("drop role standby")


@pytest.mark.parametrize("role", READERS)
def test_a_reader_s_sorts_fill_no_disk(role: str, market: Market) -> None:
    sort = """
    select count(*) from (
        select repeat('x', 2000) || number as text from generate_series(1, 150000) as number
        order by 1 offset 1
    ) as sorted
    """
    with market.connect(role) as connection:
        connection.execute("set work_mem = '64kB'")
        with pytest.raises(errors.ConfigurationLimitExceeded, match="temp_file_limit"):
            connection.execute(sort.encode())


@pytest.mark.parametrize("role", READERS)
def test_a_reader_cannot_drop_what_all_who_log_in_as_it_may_do(role: str, market: Market) -> None:
    with market.connect(role) as connection:
        connection.execute("set transaction read write")
        connection.execute("drop owned by current_user")

    assert market.rows("select count(*) from bi.intervals where interval = '1d'", (), role) == [
        (1,)
    ]


def test_an_idle_reader_keeps_no_stream_from_starting(market: Market) -> None:
    held = f"select pg_try_advisory_lock({ADVISORY_CLASS}, {LOCK_STREAM})"
    with market.connect("dashboard_reader") as reader:
        with pytest.raises(errors.InsufficientPrivilege):
            reader.execute(held.encode())
        with closing(postgres.connect(market.address("stream_writer"), "test")) as stream:
            assert stream.try_lock(LOCK_STREAM)


def test_the_writer_may_add_and_correct_but_neither_remove_nor_change_the_record(
    market: Market,
) -> None:
    wanted = dict.fromkeys(FORBIDDEN_TO_THE_WRITER, DENIED)
    assert answers(market, "stream_writer", FORBIDDEN_TO_THE_WRITER) == wanted

    allowed = (
        "create temporary table mine (x int)",
        "update market.events_stream set close = close",
        "update market.sink_offsets set stored = stored",
    )
    assert answers(market, "stream_writer", allowed) == dict.fromkeys(allowed, None)


def test_the_exporter_sees_figures_of_the_server_and_no_table(market: Market) -> None:
    for relation in ("events_stream", "market.sink_offsets", "bi.data_quality"):
        with pytest.raises((errors.InsufficientPrivilege, errors.UndefinedTable)):
            market.rows(f"table {relation}", (), EXPORTER)
    assert market.rows("select count(*) > 0 from pg_ls_waldir()", (), EXPORTER) == [(True,)]
    assert market.rows("show statement_timeout", (), EXPORTER) == [("4s",)]
    assert market.rows("show default_transaction_read_only", (), EXPORTER) == [("on",)]
