"""What the documents tell a person to type at a demo: each command as it is written, by a shell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.documents import commands
from tests.e2e.person import KEPT, START_SECONDS, Home
from tests.fixtures.live import wait_for

DASHBOARD = "http://127.0.0.1:8050"
"""Where the documents have it; the demo takes a free port."""
AT_A_DEMO = [line for line in commands("demo") if "scripts/demo" not in line]
COUNT = "select symbol, count(*) from events_stream group by symbol"
ENOUGH = 3_000


@dataclass(frozen=True)
class Demo:
    """A demo that runs, and how to reach it."""

    home: Home
    dashboard: str
    connection: dict[str, str]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return the rows of a query as the reader sees them."""
        to = self.connection
        with psycopg.connect(
            host=to["host"], port=to["port"], dbname=to["database"], user=to["user"],
            password=Path(to["password_file"]).read_text("utf-8").strip(),
        ) as connection:  # fmt: skip
            return connection.execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def demo(home: Home) -> Iterator[Demo]:
    """Return the demo that keeps its state, with some weeks of bars."""
    with home.typed(KEPT) as (process, said):
        file = home.folder / "tapeline" / "connection.json"
        wait_for(lambda: file.exists() or process.poll() is not None, KEPT, START_SECONDS)
        assert file.exists(), said.read_text("utf-8")
        connection = json.loads(file.read_text("utf-8"))
        running = Demo(home, connection["dashboard"].rstrip("/"), connection)
        wait_for(
            lambda: len([1 for _, bars in running.rows(COUNT) if int(str(bars)) > ENOUGH]) == 4,
            "bars of four symbols",
            START_SECONDS,
        )
        yield running


@pytest.mark.timeout(900)
@pytest.mark.parametrize("line", AT_A_DEMO)
def test_a_command_at_a_demo(line: str, demo: Demo) -> None:
    assert demo.home.run(line.replace(DASHBOARD, demo.dashboard)) != ""


@pytest.mark.parametrize("query", commands("demo", "sql"))
def test_the_first_query(query: str, demo: Demo) -> None:
    assert len(demo.rows(query)) == 10


@pytest.mark.parametrize("line", commands("demo-stream"))
def test_a_command_that_shows_bars_as_they_come(line: str, demo: Demo) -> None:
    with demo.home.typed(line.replace(DASHBOARD, demo.dashboard)) as (_, said):
        wait_for(lambda: b"event: bars" in said.read_bytes(), "bars on the stream", 120)


def test_its_own_data_quality_is_not_red(demo: Demo) -> None:
    """By the market's clock, which goes sixty times as fast and stands days before the real one."""
    amiss = "select * from bi.data_quality where status in ('missing', 'outage', 'refused')"
    wait_for(lambda: demo.rows(amiss) == [], "the whole history", START_SECONDS)
    assert demo.rows("select * from bi.data_gaps where kind <> 'no_trade'") == []
    [(quotes, oldest)] = demo.rows("select count(*), max(age_seconds) from bi.latest_quote")
    assert quotes == 4
    assert float(str(oldest)) < 86_400
