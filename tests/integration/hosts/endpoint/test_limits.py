"""What a reader may use up ends in time, whatever it sets for itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import psycopg
import pytest
from psycopg import errors

from scripts.local_stack.servers.passwords import ADMINISTRATOR
from tests.fixtures.endpoint import Endpoint
from tests.fixtures.live import wait_for
from tests.integration.hosts.endpoint.asking import first

LIMITS = (
    "alter role powerbi_reader connection limit 100",
    "alter system set max_connections = 1000",
    "set temp_file_limit = '1TB'",
    "set session_replication_role = replica",
    "grant pg_read_server_files to powerbi_reader",
)


@pytest.mark.parametrize("attempt", LIMITS)
def test_no_limit_of_the_role_or_the_server_can_be_raised(endpoint: Endpoint, attempt: str) -> None:
    with closing(endpoint.connect()) as connection:
        connection.execute("set default_transaction_read_only = off")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(attempt.encode())


def test_a_long_query_ends(endpoint: Endpoint) -> None:
    with closing(endpoint.connect()) as connection:
        assert first(connection, "show statement_timeout") == "1min"
        connection.execute("set statement_timeout = '500ms'")
        with pytest.raises(errors.QueryCanceled, match="due to statement timeout"):
            connection.execute("select pg_sleep(60)")


@pytest.fixture
def soon(endpoint: Endpoint) -> Iterator[Endpoint]:
    """Let the guard end after moments what it ends after minutes, and migrate afterwards."""
    with closing(endpoint.connect(ADMINISTRATOR, dbname="postgres")) as administrator:
        administrator.execute(
            "update guard.readers set longest_query = '1 second', longest_transaction = "
            "'12 seconds', longest_idle = '4 seconds' where role = 'powerbi_reader'"
        )
        yield endpoint
    endpoint.migrate()


def test_a_long_query_ends_also_where_its_limit_was_raised(soon: Endpoint) -> None:
    with closing(soon.connect()) as connection:
        connection.execute("set statement_timeout = 0")
        with pytest.raises(errors.QueryCanceled, match="due to user request"):
            connection.execute("select pg_sleep(60)")
        assert first(connection, "select 1") == 1


PATIENT = "update guard.readers set longest_transaction = '1 hour' where role = 'powerbi_reader'"
OUTLASTING = {
    "a query that handles its cancellation": """
        do $$ begin
            loop begin perform pg_sleep(60); exception when query_canceled then null; end; end loop;
        end $$
    """,
    "an idle transaction": "begin; select 1",
    "an idle session": "select 1",
    "an idle session with a cursor": "declare kept cursor with hold for select 1",
}


@pytest.mark.parametrize("statement", OUTLASTING.values(), ids=OUTLASTING)
def test_what_outlasts_a_cancellation_ends_with_its_session(soon: Endpoint, statement: str) -> None:
    alive = "select count(*) from pg_stat_activity where application_name = 'outlasting'"
    with (
        ThreadPoolExecutor() as pool,
        closing(soon.connect(ADMINISTRATOR, dbname="postgres")) as administrator,
        closing(soon.connect(application_name="outlasting")) as connection,
    ):
        # Each ends for its own reason, long before the transaction is too long.
        administrator.execute(PATIENT)
        connection.execute("set statement_timeout = 0; set idle_session_timeout = 0")
        connection.execute("set idle_in_transaction_session_timeout = 0")
        running = pool.submit(connection.execute, statement.encode())
        wait_for(lambda: first(administrator, alive) == 0, "the end of the session", 30)
        if statement.strip().startswith("do"):
            assert isinstance(running.exception(), errors.AdminShutdown)


def test_a_transaction_of_many_short_queries_ends(soon: Endpoint) -> None:
    with closing(soon.connect()) as connection:
        connection.execute("begin")

        def ask_for(seconds: float) -> None:
            begun = time.monotonic()
            while time.monotonic() < begun + seconds:
                connection.execute("select pg_sleep(0.2)")

        with pytest.raises(errors.AdminShutdown):
            ask_for(seconds=40)


def test_what_a_reader_changes_of_its_role_lasts_no_longer_than_a_moment(
    endpoint: Endpoint,
) -> None:
    kept = "select array_agg(setconfig::text) from pg_db_role_setting where setrole = %s::regrole"

    def settings(role: str) -> object:
        with closing(endpoint.connect(ADMINISTRATOR)) as administrator:
            return administrator.execute(kept.encode(), (role,)).fetchone()

    for role in ("powerbi_reader", "dashboard_reader"):
        before = settings(role)
        with closing(endpoint.connect(role)) as connection:
            connection.execute("set default_transaction_read_only = off")
            connection.execute(
                f"alter role {role} set default_transaction_read_only = off".encode()
            )
            connection.execute(f"alter role {role} set statement_timeout = 0".encode())
            connection.execute(
                f"alter role {role} in database market set timezone = 'Zulu'".encode()
            )
            connection.execute(
                f"alter role {role} reset idle_in_transaction_session_timeout".encode()
            )
            connection.execute(f"alter role {role} password 'mine'".encode())
        wait_for(lambda role=role, before=before: settings(role) == before, "the settings", 20)  # type: ignore[misc]
        with closing(endpoint.connect(role)) as connection:
            assert first(connection, "show statement_timeout") in ("30s", "1min")


def test_a_rotated_password_is_not_taken_for_a_readers_own(endpoint: Endpoint) -> None:
    before = endpoint.password("dashboard_reader")
    assert (
        endpoint.secrets(
            "rotate", "dashboard_reader_password", POWERBI_CIDRS="127.9.0.0/16"
        ).returncode
        == 0
    )
    endpoint.migrate()
    deadline = time.monotonic() + 5  # the guard has looked twice
    while time.monotonic() < deadline:
        endpoint.connect("dashboard_reader").close()
        time.sleep(0.2)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        endpoint.connect("dashboard_reader", password=before)


def test_there_is_a_limit_to_the_connections(endpoint: Endpoint) -> None:
    with ExitStack() as opened:
        for _ in range(20):
            opened.enter_context(closing(endpoint.connect()))
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            endpoint.connect()
