"""The page of the pipeline: what the services' own metrics tell, drawn over time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from services.producer import metrics as producer_metrics
from services.stream import metrics as stream_metrics
from services.stream.sink.batch import Applied
from tests.fixtures.market import Market
from tests.integration.dashboard.page.browsing import holds, opened
from tests.integration.dashboard.serving import serving

HOST = "127.0.0.1"
LEGEND = "name => document.querySelector(`#${name} .legend`)?.textContent.trim() ?? ''"
ALERTS = "() => document.getElementById('alerts').textContent"


@contextmanager
def storing(stream: stream_metrics.Metrics) -> Iterator[None]:
    """Let the stream store ten bars every tenth of a second."""
    ended = threading.Event()

    def store() -> None:
        while not ended.wait(0.1):
            stream.applied(Applied(stored=10, rejected=1, oldest_ms=0), 0.2)

    thread = threading.Thread(target=store)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def legend(page: Page, name: str) -> str:
    return str(page.evaluate(LEGEND, name))


def findings(page: Page) -> list[Any]:
    return list(Axe().run(page).response["violations"])


def test_the_page_shows_how_the_pipeline_runs(
    browser: Browser, market: Market, tmp_path: Path
) -> None:
    stream, producer = stream_metrics.Metrics(), producer_metrics.Metrics()
    stream.lag({0: 40, 1: 2})
    producer.calls_today(7)
    producer.calls_a_day(25)
    urls = {
        "DASHBOARD_STREAM_METRICS_URL": f"http://{HOST}:{stream.serve(HOST, 0)}/metrics",
        "DASHBOARD_PRODUCER_METRICS_URL": f"http://{HOST}:{producer.serve(HOST, 0)}/metrics",
        # Nobody is there: what the dashboard has read itself is shown.
        "DASHBOARD_PROMETHEUS_URL": f"http://{HOST}:9",
    }
    with (
        storing(stream),
        serving(market, tmp_path, **urls) as dashboard,
        opened(browser, f"{dashboard.url}/pipeline.html?range=6h", timezone_id="Asia/Tokyo") as (
            page,
            _,
        ),
    ):
        holds(page, f"() => ({LEGEND})('throughput').includes('stored')")
        # Ten times a second ten bars, less what a busy machine leaves out.
        rate = float(page.inner_text("#throughput .legend b >> nth=0"))
        assert 0 < rate <= 105
        assert legend(page, "lag") == "waiting 42"
        assert legend(page, "latency") == "median 0.15 99 % 0.199"
        assert legend(page, "quota") == "calls 7 the plan's most 25"
        assert legend(page, "database-size").startswith("size ")
        holds(page, "() => document.getElementById('source').textContent.includes('GMT+9')")
        assert page.evaluate(ALERTS).startswith("Known where Prometheus runs")
        assert page.inner_text("#disk .state").startswith("Told by Prometheus alone")
        assert findings(page) == []
        page.check("input[value='24h']")
        assert page.url.endswith("?range=24h")
        page.go_back()
        holds(page, "() => document.querySelector('input[value=\"6h\"]').checked")
        # A service that ends is a gap and no fault of the page.
        producer.stop()
        refused = dashboard.get("/api/pipeline", range="2d")
        assert (refused.status_code, "range" in refused.text) == (422, True)
