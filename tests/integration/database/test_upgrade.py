"""An upgrade from the first schema keeps every bar and every replaced value, to the last digit."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
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
OF_0017 = "case when number % 2 = 1 then 'adjusted 2025-11-06' else 'raw' end"
SINCE_0017 = "case when source = 'file' and basis <> 'raw' then 'unknown' else basis end"
TABLES = ("events_stream", "bar_revisions")


@pytest.fixture
def old_market(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Market]]:
    """Return a database as it was when so numbered a migration was the newest one."""
    (tmp_path / "migrations").mkdir()
    shutil.copy(SQL / "roles.sql", tmp_path)
    with ExitStack() as markets:

        def made(newest: str) -> Market:
            for file in (SQL / "migrations").glob("*.sql"):
                if file.name[:4] <= newest:
                    shutil.copy(file, tmp_path / "migrations")
            market = Market(postgres, f"market_upgraded_{newest}")
            with monkeypatch.context() as patched:
                patched.setattr(migrate, "HERE", tmp_path)
                # The first calendar had not all columns, and no clock was kept.
                patched.setattr(migrate, "keep_sessions", lambda *_: None)
                patched.setattr(migrate, "keep_source_clock", lambda *_: None)
                _migrate(market)
            return markets.enter_context(closing(market))

        yield made


def test_every_bar_outlives_the_upgrade(old_market: Callable[[str], Market]) -> None:
    market = old_market("0001")
    market.run(BARS)
    market.run("update market.events_stream set close = close + 0.000001, revision = 2")
    before = [market.rows(KEPT.format(OLD, table)) for table in TABLES]
    market.run("create view bi.bars as select adjusted, volume from market.events_stream")
    market.run("alter view bi.bars owner to market_owner")
    market.run("insert into market.series (symbol, interval) values ('AAPL', '1min')")

    _migrate(market)

    assert [market.rows(KEPT.format("basis", table)) for table in TABLES] == before
    assert [len(rows) for rows in before] == [100, 100]
    counted = "select basis, adjusted, count(*) from bi.bars group by 1, 2 order by 1"
    assert market.rows(counted) == [
        ("raw", False, 50),
        ("unknown", True, 50),
    ]


def test_of_adjusted_bars_of_files_nobody_knows_for_what(
    old_market: Callable[[str], Market],
) -> None:
    market = old_market("0017")
    market.run(BARS.replace("adjusted,", "basis,").replace("number % 2 = 1", OF_0017))
    market.run("update market.events_stream set source = 'file' where kafka_offset >= 50")
    market.run("delete from market.bar_revisions")
    market.run("update market.events_stream set close = close + 0.000001, revision = 2")
    before = [market.rows(KEPT.format(SINCE_0017, table)) for table in TABLES]

    _migrate(market)

    assert [market.rows(KEPT.format("basis", table)) for table in TABLES] == before
    assert [len(rows) for rows in before] == [100, 100]
    for table in TABLES:
        counted = f"select source, basis, count(*) from market.{table} group by 1, 2 order by 1, 2"  # noqa: S608
        assert market.rows(counted) == [
            ("alphavantage", "adjusted 2025-11-06", 25),
            ("alphavantage", "raw", 25),
            ("file", "raw", 25),
            ("file", "unknown", 25),
        ]


def test_partitions_with_bars_stay_and_empty_ones_go(old_market: Callable[[str], Market]) -> None:
    market = old_market("0018")
    bars = BARS.replace("adjusted,", "basis,").replace("number % 2 = 1", "'raw'")
    years = [bars.replace("2025-11-06", f"{year}-11-06") for year in (2011, 2039)]
    for of_year in years:
        market.run(of_year.replace("'AAPL'", "'TSLA'"))
    before = market.rows(KEPT.format("basis", "events_stream"))

    _migrate(market)

    assert market.rows(KEPT.format("basis", "events_stream")) == before
    assert len(before) == 200
    recent = {str(year) for year in range(2020, datetime.now(UTC).year + 2)}
    often = {"2000_2009", "2015_2019", "default"} | recent
    assert _partitions(market, "events_stream") == often | {
        *("2010", "2011", "2012", "2013", "2014", "2039"),
    }
    assert _partitions(market, "bar_indicators") == often | {"2010_2014"}
    fillfactors = (
        "select distinct reloptions from pg_class "
        "where relname like 'events\\_stream\\_2%' and relkind = 'r'"
    )
    assert market.rows(fillfactors) == [(["fillfactor=80"],)]


def _partitions(market: Market, parent: str) -> set[str]:
    found = market.rows(
        "select replace(inhrelid::regclass::text, %s || '_', '') from pg_inherits "
        "where inhparent = ('market.' || %s)::regclass",
        (parent, parent),
    )
    return {name for (name,) in found}


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
