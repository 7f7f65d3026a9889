"""A client generated from the OpenAPI document works on the API, as a person would make it."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyarrow import ipc

from services.dashboard.data_api.datasets import ALL
from services.dashboard.data_api.downloads.stream_formats import STREAM_TYPES
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import Dashboard

PACKAGE = "tapeline_client"
FILE = "application/octet-stream"
Call = Callable[..., Any]


@pytest.fixture
def client(
    dashboard: Dashboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Call]]:
    """Generate a client; yield what finds its function of an operation, ready to be called."""
    options = tmp_path / "options.yml"
    # The generator knows files by one type alone, until it is told of others.
    files = dict.fromkeys((STREAM_TYPES["arrow"], STREAM_TYPES["parquet"]), FILE)
    chosen = {"post_hooks": [], "literal_enums": True, "content_type_overrides": files}
    options.write_text(json.dumps(chosen), "utf-8")
    command = [
        str(Path(sys.executable).with_name("openapi-python-client")), "generate",
        "--url", f"{dashboard.url}/api/openapi.json", "--fail-on-warning",
        "--meta", "none", "--output-path", str(tmp_path / PACKAGE), "--config", str(options),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    generated = importlib.import_module(PACKAGE)
    with generated.Client(base_url=dashboard.url, raise_on_unexpected_status=True) as connected:

        def call(operation: str, tag: str = "data") -> Call:
            module = importlib.import_module(f"{PACKAGE}.api.{tag}.{operation}")
            return lambda **asked: module.sync(client=connected, **asked)

        yield call


def test_a_generated_client_reads_the_tables(client: Callable[..., Call], stored: Market) -> None:
    asked = {"symbol": ["aapl"], "interval": "1min", "limit": 3}
    page = client("get_bars")(**asked, columns=["bar_time", "close"], decimals="decimal")
    wanted = stored.rows(
        "select bar_time, close from bi.events_stream"
        " where symbol = 'AAPL' and interval = '1min' order by bar_time limit 3"
    )
    assert [(row.bar_time, Decimal(row.close)) for row in page.data] == wanted
    following = client("get_bars")(**asked, cursor=page.next_cursor)
    assert [row.symbol for row in following.data] == ["AAPL"] * 3
    assert following.data[0].bar_time > page.data[-1].bar_time

    file = client("get_bars_arrow", "downloads")(symbol=["AAPL"], columns=["close"])
    closes = ipc.open_stream(file.payload).read_all()["close"].to_pylist()
    assert closes[:3] == [float(close) for _, close in wanted]

    unknown = client("get_candles_1d")(symbol=["ZZZZ"])
    assert unknown.detail == "nothing of ZZZZ is stored; /api/symbols lists what is"
    for dataset in ALL:
        needed = {"symbol": ["AAPL"], "interval": "1min"} if dataset.days is not None else {}
        operation = f"get_{dataset.name.replace('/', '_').replace('-', '_')}"
        found = client(operation)(limit=2, **needed)
        assert len(found.data) <= 2, dataset.name
        assert (found.note is None) == (len(found.data) > 0), dataset.name
