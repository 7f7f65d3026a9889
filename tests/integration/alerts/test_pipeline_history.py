"""The pipeline's page from a real Prometheus: its history, and the alerts that fire."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.launcher.paths import ROOT
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.ports import HOST, free_ports
from services.stream import metrics as stream_metrics
from services.stream.sink.batch import Applied
from tests.fixtures.live import wait_for
from tests.fixtures.market import Market
from tests.integration.alerts.servers import start_prometheus
from tests.integration.dashboard.serving import serving


def _told(answer: Any, chart: str, line: str) -> list[float]:
    [lines] = [one["lines"] for one in answer["charts"] if one["name"] == chart]
    points = [one["points"] for one in lines if one["label"] == line]
    return [value for _, value in points[0] if value is not None] if points else []


def _expressions_for_grafana() -> list[str]:
    """Return what the dashboard file asks Prometheus, at the span that Grafana would put in."""
    file = ROOT / "services" / "prometheus" / "grafana-dashboard.json"
    panels = json.loads(file.read_text("utf-8"))["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    return [expression.replace("$__rate_interval", "60s") for expression in asked]


def test_history_and_alerts_come_from_prometheus(market: Market, tmp_path: Path) -> None:
    stream = stream_metrics.Metrics()
    (nobody,) = free_ports(1)
    targets = {"stream": f"{HOST}:{stream.serve(HOST, 0)}", "producer": f"{HOST}:{nobody}"}
    prometheus = start_prometheus(tmp_path, targets)
    settings = {"DASHBOARD_PROMETHEUS_URL": f"http://{prometheus.address}"}
    try:
        with serving(market, tmp_path, **settings) as dashboard:

            def stored() -> bool:
                stream.applied(Applied(stored=10, oldest_ms=0), 0.2)
                answer = dashboard.get("/api/pipeline", range="1h").json()
                assert answer["source"] == "prometheus"
                rates = _told(answer, "throughput", "stored")
                fired = [one["name"] for one in answer["alerts"]]
                return bool(rates) and rates[-1] > 0 and "TargetGone" in fired

            wait_for(stored, "a rate of Prometheus and the alert of the missing producer")
            answer = dashboard.get("/api/pipeline", range="1h").json()
            assert _told(answer, "latency", "99 %")[-1] == pytest.approx(0.199)
            assert _told(answer, "disk", "free") == []
            alert = next(one for one in answer["alerts"] if one["name"] == "TargetGone")
            assert alert["severity"] == "critical"
            assert alert["runbook"] == "docs/alerts.md#targetgone"
            for expression in _expressions_for_grafana():
                assert prometheus.get("/api/v1/query", query=expression)["status"] == "success"
            # Without Prometheus what the dashboard has read itself is shown; nothing is told of
            # alerts then.
            processes.stop([prometheus.child], 10)
            own: list[Any] = []

            def shows_its_own() -> bool:
                own[:] = [dashboard.get("/api/pipeline", range="6h").json()]
                return bool(own[0]["source"] == "services")

            wait_for(shows_its_own, "the dashboard's own readings")
            assert own[0]["alerts"] is None
    finally:
        processes.stop([prometheus.child], 10)
