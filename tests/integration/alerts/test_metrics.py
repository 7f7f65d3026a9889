"""The rules name only what the services really tell: asked of a Prometheus that scrapes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from scripts.local_stack.servers import processes
from scripts.local_stack.servers.passwords import EXPORTER
from scripts.local_stack.servers.ports import HOST
from services.alerts import metrics as of_alerts
from services.producer import metrics as of_producer
from services.producer.alpha_vantage.classify import Kind
from services.producer.polling.freshness import Freshness
from services.stream import metrics as of_stream
from services.stream.sink.batch import Applied
from tests.fixtures.live import wait_for
from tests.fixtures.market import fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.alerts.servers import (
    Server,
    start_alertmanager,
    start_node_exporter,
    start_postgres_exporter,
    start_prometheus,
)
from tests.integration.alerts.test_rules import ALWAYS_ON, RULES

SELECTOR = re.compile(
    r"\b((?:up|(?:tapeline|prometheus|alertmanager|node|pg)_\w+)(?:\{[^}]*\})?)(?![\w(])"
)


def selectors(expression: str) -> list[str]:
    """Return the series that a rule selects, with their labels."""
    return SELECTOR.findall(expression)


def test_selectors_are_found() -> None:
    assert selectors('up == 0 and rate(tapeline_a_total{b!="up"}[1h]) > on (pg_x) pg_x') == [
        "up",
        'tapeline_a_total{b!="up"}',
        "pg_x",
        "pg_x",
    ]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("alerts")
    producer, stream = of_producer.Metrics(), of_stream.Metrics()
    alerts = of_alerts.Metrics()
    targets = {
        "producer": f"{HOST}:{producer.serve(HOST, 0)}",
        "stream": f"{HOST}:{stream.serve(HOST, 0)}",
        "alerts": f"{HOST}:{alerts.serve(HOST, 0)}",
    }
    _work(producer, stream, alerts)
    config = _without_receivers(folder)
    alertmanager = start_alertmanager(folder, config)
    node = start_node_exporter(folder)
    with fresh_market(postgres) as market:
        at = market.address(EXPORTER)
        file = postgres.password_files[EXPORTER]
        database = start_postgres_exporter(folder, at.port, at.database, file)
        targets |= {
            "alertmanager": alertmanager.address,
            "node": node.address,
            "postgres": database.address,
        }
        running = start_prometheus(folder, targets)
        yield running
        producer.stop()
        servers = (running, alertmanager, node, database)
        processes.stop([one.child for one in servers], 10)


def _work(
    producer: of_producer.Metrics, stream: of_stream.Metrics, alerts: of_alerts.Metrics
) -> None:
    """What a service knows only once it works: an exchange, a fault."""
    producer.freshness({"XNYS": Freshness(True, 3.0, 12.0)})
    producer.calendars({"XNYS": date(2099, 12, 31)})
    producer.answer(Kind.DATA)
    stream.applied(Applied(stored=1), 1.0)
    stream.retried("57P01")
    stream.progressed()
    stream.follows(["quotes"])
    alerts.waiting({"desk": (1, 2.0)})
    alerts.ended("desk", "given_up")


def _without_receivers(folder: Path) -> Path:
    file = folder / "alertmanager.yml"
    file.write_text(
        "route: {receiver: one}\nreceivers:\n  - name: one\n"
        "    webhook_configs: [{url: 'http://127.0.0.1:1/'}]\n",
        encoding="utf-8",
    )
    return file


def test_every_series_of_the_rules_is_told(prometheus: Server) -> None:
    wanted = {each for rule in RULES for each in selectors(rule["expr"])}

    def missing() -> set[str]:
        asked = {one: prometheus.get("/api/v1/query", query=one) for one in wanted}
        return {one for one, found in asked.items() if not found["data"]["result"]}

    wait_for(lambda: not missing(), f"{missing()}", 60)


def test_the_watchdog_is_on(prometheus: Server) -> None:
    def firing() -> list[str]:
        alerts = prometheus.get("/api/v1/alerts")["data"]["alerts"]
        return [one["labels"]["alertname"] for one in alerts if one["state"] == "firing"]

    wait_for(lambda: ALWAYS_ON in firing(), "the watchdog", 60)
