"""An upgrade from the first schema keeps every bar and every replaced value, to the last digit."""

from __future__ import annotations

import logging
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from scripts.local_stack.servers.passwords import ADMINISTRATOR, read_password
from sql import migrate
from tests.fixtures.market import Market
from tests.fixtures.servers import Postgres

SQL = Path(migrate.__file__).parent
BARS = """
insert into market.events_stream (
    symbol, bar_time, interval, open, high, low, close, volume, session_date, source, freshness,
    adjusted, is_final, observed_at, kafka_partition, kafka_offset
)
select
    'AAPL', timestamptz '2025-11-06 14:30Z' + number * interval '1 minute', '1min',
    100.25 + number, 999999999999.999999, 0.000001, 100.5, 9223372036854775807 - number,
    '2025-11-06', 'alphavantage', 'historical', number % 2 = 1, true, now(), 0, number
from generate_series(0, 99) as number
"""
KEPT = """
select symbol, bar_time, interval, open, high, low, close, volume, session_date, source, is_final,
    observed_at, revision, inserted_at, updated_at, kafka_partition, kafka_offset, {}
from market.{} order by bar_time, revision
"""
OLD = "case when adjusted then 'unknown' else 'raw' end"


def test_every_bar_outlives_the_upgrade(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "migrations").mkdir()
    shutil.copy(SQL / "roles.sql", tmp_path)
    shutil.copy(SQL / "migrations" / "0001.create-market.sql", tmp_path / "migrations")
    market = Market(postgres, "market_upgraded")
    monkeypatch.setattr(migrate, "HERE", tmp_path)
    # Its calendar has columns of later, and it kept no clock.
    monkeypatch.setattr(migrate, "keep_sessions", lambda *_: None)
    monkeypatch.setattr(migrate, "keep_source_clock", lambda *_: None)
    _migrate(market)
    with closing(market):
        market.run(BARS)
        market.run("update market.events_stream set close = close + 0.000001, revision = 2")
        tables = ("events_stream", "bar_revisions")
        before = [market.rows(KEPT.format(OLD, table)) for table in tables]
        market.run("create view bi.bars as select adjusted, volume from market.events_stream")

        market.run("alter view bi.bars owner to market_owner")
        market.run("insert into market.series (symbol, interval) values ('AAPL', '1min')")
        monkeypatch.undo()
        _migrate(market)

        assert [market.rows(KEPT.format("basis", table)) for table in tables] == before
        assert [len(rows) for rows in before] == [100, 100]
        assert market.rows(
            "select basis, adjusted, count(*) from bi.bars group by 1, 2 order by 1"
        ) == [
            ("raw", False, 50),
            ("unknown", True, 50),
        ]


def _migrate(market: Market) -> None:
    login, files = market.server.login, market.server.password_files
    passwords = {role: read_password(file) for role, file in files.items()}
    administrator = passwords.pop(ADMINISTRATOR)
    migrate.migrate(
        migrate.Settings(
            login.host, login.port, market.database, ADMINISTRATOR, administrator, passwords
        ),
        logging.getLogger("upgrade"),
    )
