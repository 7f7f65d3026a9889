"""The same market, once in containers and once as plain processes, gives the same table."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from scripts.embedded.layout import ROOT
from services.common.market_clock import parse_market_clock
from tests.compose.conftest import LOAD
from tests.compose.stack import Stack
from tests.fixtures.live import wait_for

SYMBOLS = LOAD["SYMBOLS"].split(",")
# All but what tells when and in how many steps a bar arrived.
COLUMNS = (
    "symbol, interval, bar_time, open, high, low, close, volume, session_date, source, freshness, "
    "adjusted, is_final"
)
Bounds = dict[str, tuple[datetime, datetime]]
Connection = psycopg.Connection


@contextmanager
def embedded_run(directory: Path, clock: str) -> Iterator[Connection]:
    """Run the demo on the market of that clock; yield a connection to its database."""
    market = {
        "origin": "simulator",
        "simulated": True,
        "clock": clock,
        "symbols": LOAD["SYMBOLS"],
        "intervals": "1min",
    }
    (directory / "market.json").write_text(json.dumps(market), "utf-8")
    speed = ("--speed", LOAD["SIMULATOR_SPEED"])
    command = [sys.executable, "-P", "-m", "scripts.embedded.demo", "--data-dir", str(directory)]
    with (directory / "demo.log").open("wb") as log:
        demo = subprocess.Popen(
            [*command, "--symbols", LOAD["SYMBOLS"], *speed],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )
    file = directory / "connection.json"
    try:
        wait_for(file.exists, "the embedded run", 120)
        there = json.loads(file.read_text("utf-8"))
        with psycopg.connect(
            host=there["host"],
            port=there["port"],
            dbname=there["database"],
            user=there["user"],
            password=Path(there["password_file"]).read_text("utf-8").strip(),
            autocommit=True,
        ) as connection:
            yield connection
    finally:
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0


def bounds(connection: Connection) -> Bounds:
    """Return the first and the last finished bar of each symbol."""
    query = "select symbol, min(bar_time), max(bar_time) from bi.events_stream where is_final"
    found = connection.execute(query.encode() + b" group by symbol").fetchall()
    return {symbol: (first, last) for symbol, first, last in found}


def rows(connection: Connection, first: datetime, last: datetime) -> list[tuple[Any, ...]]:
    """Return the finished bars of a time."""
    query = (
        f"select {COLUMNS} from bi.events_stream where is_final and bar_time between %s and %s "  # noqa: S608
        "order by symbol, interval, bar_time"
    )
    return connection.execute(query.encode(), (first, last)).fetchall()


def test_the_same_market_gives_the_same_table(stack: Stack, tmp_path: Path) -> None:
    clock = stack.compose("exec", "-T", "simulator", "cat", "/run/market/clock").strip()
    begun_at = parse_market_clock(clock).now()

    def has_come_to_the_present(connection: Connection) -> bool:
        found = bounds(connection)
        return found.keys() == {*SYMBOLS} and all(last >= begun_at for _, last in found.values())

    with embedded_run(tmp_path, clock) as embedded, stack.connection() as contained:
        for connection in (embedded, contained):
            wait_for(
                lambda connection=connection: has_come_to_the_present(connection),  # type: ignore[misc]
                "bars of all symbols",
                180,
            )
        both = [*bounds(embedded).values(), *bounds(contained).values()]
        first, last = max(begin for begin, _ in both), min(end for _, end in both)
        wanted, found = rows(embedded, first, last), rows(contained, first, last)

    assert len(wanted) > 10_000 * len(SYMBOLS)
    assert found == wanted
