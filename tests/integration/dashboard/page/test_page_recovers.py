"""The page lives on: an empty database, a restart of the server or of the database."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from scripts.local_stack.servers import database, postgres_server, processes
from scripts.local_stack.servers.passwords import ADMINISTRATOR, make_passwords, read_password
from scripts.local_stack.servers.ports import HOST, free_ports
from tests.fixtures.market import Market, fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.dashboard.page.browsing import loaded, opened
from tests.integration.dashboard.page.shown import at, bar, keep, shows
from tests.integration.dashboard.serving import serving, store


def test_an_empty_database_is_said_and_fills_by_itself(
    browser: Browser, postgres: Postgres, tmp_path: Path
) -> None:
    with (
        fresh_market(postgres) as market,
        serving(market, tmp_path) as dashboard,
        opened(browser, dashboard.url) as (page, _),
    ):
        page.wait_for_selector("#empty:visible")
        keep(page, "empty")
        store(market, [bar(minute, 100.0 + minute % 3) for minute in range(30)])
        loaded(page)
        assert page.locator("#empty").is_hidden()


def test_it_survives_a_restart_of_the_server(
    browser: Browser, stored: Market, tmp_path: Path
) -> None:
    with serving(stored, tmp_path) as dashboard:
        with opened(browser, f"{dashboard.url}/?symbol=MSFT&interval=1min", quiet=False) as (
            page,
            _,
        ):
            loaded(page)
            assert dashboard.stop() == 0
            page.wait_for_selector("#connection[data-state=away]")
            keep(page, "connection-lost")
            store(stored, [bar(30, 555.0, symbol="MSFT")])
            dashboard.start()
            shows(page, at(30), 555.0)
            page.wait_for_selector("#connection[data-state=live]")
        assert "Traceback" not in dashboard.log()


def test_it_survives_a_restart_of_the_database(browser: Browser, tmp_path: Path) -> None:
    files = make_passwords(tmp_path / "secrets")
    (port,) = free_ports(1)
    password = read_password(files[ADMINISTRATOR])
    cluster = postgres_server.Cluster(
        tmp_path / "postgres", tmp_path / "logs", port, files[ADMINISTRATOR]
    )
    login = database.Login(HOST, port, "postgres", ADMINISTRATOR, password)
    children = [postgres_server.start(cluster)]
    try:
        processes.wait_until(lambda: database.is_ready(login), children[-1], 60)
        with fresh_market(Postgres(login, files)) as market, serving(market, tmp_path) as dashboard:
            store(market, [bar(minute, 100.0 + minute % 3) for minute in range(30)])
            url = f"{dashboard.url}/?symbol=AAPL&interval=1min"
            with opened(browser, url, quiet=False) as (page, _):
                loaded(page)
                processes.stop([children[-1]], grace_seconds=20)
                page.wait_for_selector("#trouble:visible")
                keep(page, "database-away")
                answer = dashboard.get("/api/bars")
                assert (answer.status_code, "database" in answer.text) == (503, True)
                children.append(postgres_server.start(cluster))
                processes.wait_until(lambda: database.is_ready(login), children[-1], 60)
                store(market, [bar(40, 140.0)])
                shows(page, at(40), 140.0)
                page.wait_for_selector("#trouble", state="hidden")
            assert "Traceback" not in dashboard.log()
    finally:
        processes.stop(children, grace_seconds=20)
