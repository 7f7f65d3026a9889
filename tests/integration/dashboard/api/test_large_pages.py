"""Large pages of the data API: little memory, and nobody who waits meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from scripts.local_stack.servers.ports import HOST
from services.dashboard.data_api.response_buffer import MOST_BYTES
from tests.fixtures.live import wait_for
from tests.fixtures.market import Market, fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.dashboard.serving import Dashboard, serving

ROWS = 50_000
LIMIT_MIB = 384
"""The container's, DASHBOARD_MEMORY."""
FORMATS = ("json", "csv", "parquet")


@pytest.fixture(scope="module")
def many(postgres: Postgres) -> Iterator[Market]:
    """Return a database with a little more bars than a page has."""
    with fresh_market(postgres) as market:
        market.run(
            "insert into market.events_stream (symbol, bar_time, interval, open, high, low, close, "
            "volume, session_date, source, freshness, basis, is_final, observed_at, "
            "kafka_partition, kafka_offset) "
            "select 'AAPL', at, '1min', price, price + 0.5, price - 0.5, price, 1000 + n, "
            "at::date, 'alphavantage', 'historical', 'raw', true, at + interval '1 minute', 0, n "
            "from (select n, timestamptz '2026-01-05 14:30Z' + n * interval '1 minute' as at, "
            "round((200 + 50 * random())::numeric, 4) as price "
            "from generate_series(1, %s) as n) as made",
            (ROWS + 3,),
        )
        market.run("analyze")
        yield market


@pytest.fixture
def dashboard(many: Market, tmp_path: Path) -> Iterator[Dashboard]:
    """Run a dashboard of its own over it."""
    with serving(many, tmp_path) as running:
        yield running


def memory_mib(dashboard: Dashboard, name: str) -> float:
    """Return a size of the process, from what the kernel says of it."""
    assert dashboard.child is not None
    status = Path(f"/proc/{dashboard.child.process.pid}/status").read_text("utf-8")
    [line] = [one for one in status.splitlines() if one.startswith(f"{name}:")]
    return int(line.split()[1]) / 1024


def longest_wait(dashboard: Dashboard, until: threading.Event) -> float:
    """Return the longest time that the event loop kept a request waiting that needs nothing."""
    waits = [0.0]
    with httpx.Client(timeout=60) as client:
        while not until.is_set():
            begun = time.monotonic()
            client.get(f"{dashboard.url}/healthy")
            waits.append(time.monotonic() - begun)
            time.sleep(0.005)
    return max(waits)


def test_four_large_pages_take_little_memory_and_hold_nobody_up(
    dashboard: Dashboard, record_testsuite_property: Callable[[str, object], None]
) -> None:
    done = threading.Event()

    def take(form: str) -> int:
        url = f"{dashboard.url}/api/bars?limit={ROWS}&format={form}"
        return len(httpx.get(url, timeout=120).content)

    with ThreadPoolExecutor(5) as pool:
        waiting = pool.submit(longest_wait, dashboard, done)
        begun = time.monotonic()
        sizes = list(pool.map(take, ["json"] * 4))
        seconds = time.monotonic() - begun
        done.set()
    assert sizes == [sizes[0]] * 4
    assert sizes[0] > ROWS * 300
    memory, wait = memory_mib(dashboard, "VmHWM"), waiting.result()
    record_testsuite_property("four_pages_memory_mib", round(memory))
    record_testsuite_property("four_pages_longest_wait", [round(wait, 3), round(seconds, 3)])
    assert memory < 0.6 * LIMIT_MIB
    assert wait < 0.2 * seconds


@pytest.mark.parametrize("form", FORMATS)
def test_a_page_is_the_same_packed_or_not(form: str, dashboard: Dashboard) -> None:
    url = f"{dashboard.url}/api/bars?limit={ROWS}&format={form}"
    plain, packed = (
        httpx.get(url, headers={"Accept-Encoding": encoding}, timeout=60)
        for encoding in ("identity", "gzip")
    )
    assert plain.content == packed.content
    assert plain.headers["content-length"] == str(len(plain.content))
    assert plain.links["next"] == packed.links["next"]
    following = httpx.get(f"{dashboard.url}{plain.links['next']['url']}", timeout=60)
    assert "next" not in following.links


def test_who_does_not_read_holds_up_nobody_and_fills_no_memory(dashboard: Dashboard) -> None:
    """Such readers have their pages kept for them, up to a bound; then nobody gets one more."""
    sockets = []
    request = f"GET /api/bars?limit={ROWS} HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
    try:

        def refused() -> bool:
            one = socket.create_connection((HOST, dashboard.port))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.sendall(request.encode())
            sockets.append(one)
            answer = dashboard.get("/api/bars", limit=1)
            assert answer.status_code in (200, 503)
            return answer.status_code == 503 and "slow readers" in answer.text

        wait_for(refused, "a refusal", 400)
        assert memory_mib(dashboard, "VmHWM") < LIMIT_MIB
        assert MOST_BYTES < LIMIT_MIB * 2**20
    finally:
        for one in sockets:
            one.close()
    wait_for(lambda: dashboard.get("/api/bars", limit=1).status_code == 200, "room again", 60)
