"""Downloads of many bars: little memory, a bound on how many, and an end that tells."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx
import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from examples.api_connection import ApiConnection
from examples.client import BarOptions, Client
from scripts.local_stack.servers.ports import HOST
from services.dashboard.connection_pool import SNAPSHOTS
from tests.fixtures.live import wait_for
from tests.fixtures.market import Market, fresh_market
from tests.fixtures.relay import through
from tests.fixtures.servers import Postgres
from tests.integration.dashboard.api.test_large_pages import LIMIT_MIB, longest_wait, memory_mib
from tests.integration.dashboard.serving import Dashboard, serving

SYMBOLS = ("AAPL", "MSFT")
BARS_OF_EACH = 150_000
STATES: Final = (
    "select state from pg_stat_activity where application_name = 'tapeline-dashboard-copy'"
)
WAITS: Final = STATES.replace("state", "wait_event", 1)
ON_US: Final = (("ClientWrite",), ("ClientRead",))
LONGER_THAN_A_STATEMENT_MAY: Final = (
    "select 1 from pg_stat_activity where application_name = 'tapeline-dashboard-copy' "
    "and clock_timestamp() - query_start > interval '2 seconds'"
)
END_OF_STREAM: Final = b"\xff\xff\xff\xff\0\0\0\0"
END: Final = STATES.replace("state", "pg_terminate_backend(pid)", 1)


@pytest.fixture(scope="module")
def many(postgres: Postgres) -> Iterator[Market]:
    """Return a database with more bars than fit into what is kept for a reader."""
    with fresh_market(postgres) as market:
        for symbol in SYMBOLS:
            market.run(
                "insert into market.events_stream (symbol, bar_time, interval, open, high, low, "
                "close, volume, session_date, source, freshness, basis, is_final, observed_at, "
                "kafka_partition, kafka_offset) "
                "select %s, at, '1min', price, price + 0.5, price - 0.5, price, 1000 + n, "
                "at::date, 'alphavantage', 'historical', 'raw', true, at + interval '1 minute', "
                "0, n from (select n, timestamptz '2026-01-05 14:30Z' + n * interval '1 minute' "
                "as at, round((200 + 50 * random())::numeric, 4) as price "
                "from generate_series(1, %s) as n) as made",
                (symbol, BARS_OF_EACH),
            )
            market.run("insert into market.series values (%s, '1min')", (symbol,))
        market.run("analyze")
        yield market


@pytest.fixture
def dashboard(many: Market, tmp_path: Path) -> Iterator[Dashboard]:
    """Run a dashboard of its own over it."""
    with serving(many, tmp_path) as running:
        yield running


def stalled(dashboard: Dashboard, path: str) -> socket.socket:
    """Ask, and read nothing but the first bytes."""
    one = socket.create_connection((HOST, dashboard.port), timeout=60)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    assert one.recv(12) == b"HTTP/1.1 200"
    return one


def whole_batches(content: bytes) -> Iterator[pa.RecordBatch]:
    """Yield what came whole of a stream that was cut off."""
    stream = ipc.open_stream(content)
    with contextlib.suppress(pa.ArrowInvalid, OSError, StopIteration):
        while True:
            yield stream.read_next_batch()


def test_readers_that_stop_fill_no_memory_and_leave_room_when_they_go(
    dashboard: Dashboard, many: Market
) -> None:
    with ExitStack() as opened:
        for form in ("arrow", "parquet")[:SNAPSHOTS]:
            opened.enter_context(stalled(dashboard, f"/api/bars.{form}"))
        refused = dashboard.get("/api/bars.arrow")
        assert refused.status_code == 503
        assert "downloads" in refused.json()["detail"]
        # Other answers go on.
        assert dashboard.get("/api/bars", limit=1).status_code == 200
        assert memory_mib(dashboard, "VmHWM") < 0.8 * LIMIT_MIB
        # The server waits with them, within a statement or between two: what they do not read is
        # not made.
        wait_for(
            lambda: [one in ON_US for one in many.rows(WAITS)] == [True] * SNAPSHOTS,
            "the server to wait",
        )
    wait_for(lambda: many.rows(STATES) == [], "their connections to end", 30)
    asked = {"to": "2026-01-06"}
    wait_for(lambda: dashboard.get("/api/bars.arrow", **asked).status_code == 200, "room", 30)


def test_one_who_pauses_has_all_of_it_and_the_wait_counts_for_no_statement(
    dashboard: Dashboard, many: Market
) -> None:
    many.run(
        f"alter role dashboard_service in database {many.database} set statement_timeout = '1s'"
    )
    with httpx.stream("GET", f"{dashboard.url}/api/bars.arrow", timeout=60) as answer:
        parts = answer.iter_raw()
        got = [next(parts)]
        wait_for(lambda: many.rows(LONGER_THAN_A_STATEMENT_MAY) == [(1,)], "the pause to be long")
        got += parts
    assert ipc.open_stream(b"".join(got)).read_all().num_rows == len(SYMBOLS) * BARS_OF_EACH
    many.run(f"alter role dashboard_service in database {many.database} reset statement_timeout")


def test_two_whole_downloads_take_little_memory_and_hold_nobody_up(dashboard: Dashboard) -> None:
    done = threading.Event()

    def take(form: str) -> bytes:
        return httpx.get(f"{dashboard.url}/api/bars.{form}", timeout=120).content

    with ThreadPoolExecutor(3) as pool:
        waiting = pool.submit(longest_wait, dashboard, done)
        begun = time.monotonic()
        arrow, file = pool.map(take, ["arrow", "parquet"])
        seconds = time.monotonic() - begun
        done.set()
    assert memory_mib(dashboard, "VmHWM") < 0.8 * LIMIT_MIB
    assert waiting.result() < 0.2 * seconds
    bars = ipc.open_stream(arrow).read_all()
    assert bars.equals(parquet.read_table(io.BytesIO(file)))
    keys = bars.select(["symbol", "interval", "bar_time"])
    assert keys.equals(keys.sort_by([(name, "ascending") for name in keys.column_names]))
    assert bars["symbol"].value_counts().to_pylist() == [
        {"values": symbol, "counts": BARS_OF_EACH} for symbol in SYMBOLS
    ]


def test_one_that_is_cut_off_has_no_end_and_resumes_by_range(
    dashboard: Dashboard, many: Market
) -> None:
    # Every column: more than the buffers of both ends hold, so that it cannot be over in time.
    asked = {"symbol": "MSFT"}
    url = f"{dashboard.url}/api/bars.arrow"
    got: list[bytes] = []

    def read(rest: Iterator[bytes]) -> None:
        for part in rest:
            got.append(part)

    with httpx.stream("GET", url, params=asked, timeout=60) as answer:
        parts = answer.iter_raw()
        got.append(next(parts))
        many.run(END)
        with pytest.raises(httpx.RemoteProtocolError):
            read(parts)
    content = b"".join(got)
    assert not content.endswith(END_OF_STREAM)
    first = pa.Table.from_batches(whole_batches(content))
    assert 0 < first.num_rows < BARS_OF_EACH
    last = first["bar_time"][-1].as_py().isoformat().replace("+00:00", "Z")
    rest_of_it = httpx.get(url, params={**asked, "from": last}, timeout=60)
    assert rest_of_it.content.endswith(END_OF_STREAM)
    second = ipc.open_stream(rest_of_it.content).read_all()
    assert second["bar_time"][0] == first["bar_time"][-1]
    both = pa.concat_tables([first, second.slice(1)])
    every = many.rows("select bar_time from bi.events_stream where symbol = 'MSFT' order by 1")
    assert both["bar_time"].to_pylist() == [row[0] for row in every]
    assert "a download was cut off" in dashboard.log()
    assert "Traceback" not in dashboard.log()


def test_a_client_whose_connection_breaks_again_and_again_has_every_bar_once(
    dashboard: Dashboard, many: Market
) -> None:
    asked: BarOptions = {"columns": ["symbol", "bar_time", "close"], "decimals": "decimal"}
    whole = Client(ApiConnection(dashboard.url)).bars(**asked)
    assert whole.num_rows == len(SYMBOLS) * BARS_OF_EACH
    cuts, pauses = [50_000, 0, 900_000, 40, 900_000, 10], list[float]()

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        wait_for(lambda: many.rows(STATES) == [], "the download that broke to end", 60)

    with through(HOST, dashboard.port, cuts) as port:
        client = Client(ApiConnection(f"http://{HOST}:{port}"), wait)
        assert client.bars(**asked).equals(whole)
    assert len(pauses) >= 4  # a short request may come whole


def test_a_client_holds_few_of_many_bars(dashboard: Dashboard) -> None:
    before = pa.total_allocated_bytes()
    most = rows = 0
    for batch in Client(ApiConnection(dashboard.url)).batches():
        most, rows = max(most, pa.total_allocated_bytes() - before), rows + batch.num_rows
    assert rows == len(SYMBOLS) * BARS_OF_EACH
    assert most < 32 * 2**20


def test_it_has_what_was_stored_when_it_began(dashboard: Dashboard, many: Market) -> None:
    url = f"{dashboard.url}/api/bars.arrow"
    asked = {"symbol": "MSFT", "columns": "close"}
    newest = "select close::float8 from bi.events_stream where symbol = 'MSFT' order by bar_time"
    close = many.rows(newest)[-1][0]
    with httpx.stream("GET", url, params=asked, timeout=60) as answer:
        rest = answer.iter_bytes(4096)
        got = next(rest)
        many.run("update market.events_stream set close = close + 1 where symbol = 'MSFT'")
        got += b"".join(rest)
    assert ipc.open_stream(got).read_all()["close"][-1].as_py() == close
    now = httpx.get(url, params=asked, timeout=60).content
    assert ipc.open_stream(now).read_all()["close"][-1].as_py() == close + 1
