"""The demo's status line over a real server whose connection ends."""

from __future__ import annotations

from contextlib import closing

from scripts.local_stack.servers.database import Login, Reader
from tests.fixtures.market import Market


def test_the_status_line_outlives_its_connection(market: Market) -> None:
    at = market.address("dashboard_reader")
    login = Login(at.host, at.port, at.database, at.user, at.password)
    with closing(Reader(login)) as reader:
        before = reader.newest(["AAPL"]), reader.ledger("market.bars")
        ended = market.rows(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity "
            "where application_name = 'tapeline-demo' and datname = current_database()"
        )
        assert ended == [(True,)]
        assert (reader.newest(["AAPL"]), reader.ledger("market.bars")) == before
