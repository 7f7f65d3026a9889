"""A database with some sessions of bars, and a dashboard over it, for each file of tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from scripts.installation.chromium import require_chromium
from tests.fixtures.market import Market, fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.dashboard.serving import Dashboard, history, serving, store


@pytest.fixture(scope="module")
def stored(postgres: Postgres) -> Iterator[Market]:
    """Return a database with bars, ledger and a refusal."""
    with fresh_market(postgres) as market:
        lines = list(history())
        store(market, lines)
        market.run(
            "insert into market.sink_offsets "
            "(topic, partition, topic_id, first_offset, next_offset, stored, rejected) "
            "values ('market.bars', 0, 'x', 0, %s, %s, 2)",
            (len(lines) + 2, len(lines)),
        )
        market.run("analyze")
        yield market


@pytest.fixture(scope="module")
def dashboard(stored: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """Run a dashboard over the database."""
    with serving(stored, tmp_path_factory.mktemp("dashboard")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run one Chromium, that of the system, for a file: as long as it runs, Playwright has an event
    loop of its own in this thread, and other tests want one."""
    with sync_playwright() as playwright:
        program = require_chromium(os.environ)
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()
