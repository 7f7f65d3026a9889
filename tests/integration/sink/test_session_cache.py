"""A task's session serves the next task, unless it broke, failed or is another's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.stream.settings import PostgresAddress
from services.stream.sink.session_cache import cached_session, close_cached_sessions
from services.stream.sqlstate import DatabaseError
from tests.fixtures.market import Market

NAME = "tapeline executor"


@pytest.fixture
def address(market: Market) -> Iterator[PostgresAddress]:
    yield market.address("stream_writer")
    close_cached_sessions()


def process_id(address: PostgresAddress, name: str = NAME) -> int:
    with cached_session(address, name) as session:
        [(number,)] = session.fetch("select pg_backend_pid()")
    return int(number)


def fail(address: PostgresAddress) -> None:
    with cached_session(address, NAME) as session:
        session.run("select 1 / 0")


def test_the_next_task_takes_the_session_of_the_one_before(address: PostgresAddress) -> None:
    assert process_id(address) == process_id(address)


def test_a_session_that_the_server_ended_is_opened_anew(
    address: PostgresAddress, market: Market
) -> None:
    before = process_id(address)
    assert market.rows("select pg_terminate_backend(%s, 5000)", (before,)) == [(True,)]
    assert process_id(address) != before


def test_after_an_error_the_session_is_not_kept(address: PostgresAddress) -> None:
    before = process_id(address)
    with pytest.raises(DatabaseError, match="division by zero"):
        fail(address)
    assert process_id(address) != before


def test_a_session_in_use_is_nobody_elses(address: PostgresAddress) -> None:
    with cached_session(address, NAME) as session:
        [(mine,)] = session.fetch("select pg_backend_pid()")
        assert process_id(address) != mine


def test_tasks_of_two_kinds_by_turns_keep_theirs(address: PostgresAddress) -> None:
    names = (NAME, "tapeline indicators")
    assert [process_id(address, name) for name in names] == [
        process_id(address, name) for name in names
    ]


def test_other_addresses_and_names_have_their_own(address: PostgresAddress) -> None:
    assert process_id(address) != process_id(address, "tapeline indicators")
    local = replace(address, host="localhost")
    assert process_id(address) != process_id(local)
