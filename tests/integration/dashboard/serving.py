"""A dashboard as a process of its own over a real PostgreSQL, and bars that come in by the sink."""

from __future__ import annotations

import math
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from scripts.launcher.paths import CHART_LIBRARY
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.ports import HOST, free_ports
from scripts.local_stack.servers.processes import Child, Command
from services.common.market.exchanges import exchange_of, zone_of
from services.common.market.trade_date import trade_date
from services.stream.decoding.copy_text import LINE_COLUMNS
from services.stream.indicators.tables import derive_group, pending
from services.stream.sink import postgres
from tests.fixtures.live import wait_for
from tests.fixtures.market import Market

START = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)
SYMBOLS = {"AAPL": 270.0, "MSFT": 505.0, "TSLA": 440.0}
MINUTES = 390
SESSIONS = 3
NEEDED = {"symbol": "AAPL", "interval": "1min", "from": "2026-11-17", "to": "2026-11-19"}
"""What every table of a series takes."""


@dataclass(frozen=True)
class Price:
    """A bar's numbers."""

    open: float
    high: float
    low: float
    close: float
    volume: float | None


def line(symbol: str, at: datetime, price: Price, seen: datetime) -> str:
    """Return a simulated bar of a minute, of an index of a day, as a line for COPY."""
    exchange = exchange_of(symbol)
    values = {
        "symbol": symbol,
        "bar_time": f"{at:%Y-%m-%d %H:%M:%S}",
        "interval": "1d" if symbol.startswith("INDEX:") else "1min",
        "open": f"{price.open:.4f}",
        "high": f"{price.high:.4f}",
        "low": f"{price.low:.4f}",
        "close": f"{price.close:.4f}",
        "volume": r"\N" if price.volume is None else str(price.volume),
        "session_date": str(trade_date(exchange, at.astimezone(ZoneInfo(zone_of(symbol))))),
        "source": "simulator",
        "freshness": "simulated",
        "basis": "unknown",
        "is_final": "true",
        "observed_at": f"{seen:%Y-%m-%dT%H:%M:%S.%fZ}",
        "kafka_partition": "0",
        "kafka_offset": str(int(seen.timestamp())),
    }
    return "\t".join(values[name] for name in LINE_COLUMNS) + "\n"


def history() -> Iterator[str]:
    """Yield some sessions of a market that is calm at noon, the same each time."""
    chance = random.Random(7)  # noqa: S311 - it shall be the same each time
    for symbol, close in SYMBOLS.items():
        price = close
        for minute in range(SESSIONS * MINUTES):
            session, within = divmod(minute, MINUTES)
            spread = 0.0006 * (1.8 - 1.3 * math.sin(math.pi * within / MINUTES))
            before, price = price, price * math.exp(chance.gauss(0, spread))
            high = max(before, price) * (1 + abs(chance.gauss(0, spread / 2)))
            low = min(before, price) * (1 - abs(chance.gauss(0, spread / 2)))
            volume = int(chance.lognormvariate(8.2 + abs(within - 195) / 160, 0.4))
            at = START + timedelta(days=session, minutes=within)
            yield line(symbol, at, Price(before, high, low, price, volume), START)


NEXT = START + timedelta(days=SESSIONS - 1, minutes=MINUTES)
"""The start of the first bar that is not there yet."""


def store(market: Market, lines: list[str], with_indicators: bool = True) -> float:
    """Store bars as the sink does, with word of it; return the moment of the commit."""
    with closing(postgres.connect(market.address("stream_writer"), "test")) as session:
        session.prepare_staging()
        with session.transaction():
            session.stage_bars([one.encode() for one in sorted(lines)])
            merged = session.merge(len(lines))
            session.notify(merged.symbols)
        committed = time.time()
    if with_indicators:
        derive(market)
    return committed


def derive(market: Market) -> None:
    """Derive the series that are due, as the stream does a moment after a batch."""
    with closing(postgres.connect(market.address("stream_writer"), "test")) as session:
        while due := pending(session, 100):
            derive_group(session, due, 20_000)


@dataclass
class Dashboard:
    """The running process."""

    market: Market
    directory: Path
    port: int
    settings: dict[str, str]
    child: Child | None = None

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        address = self.market.address("dashboard_service")
        command = Command(
            name="dashboard",
            arguments=[sys.executable, "-P", "-m", "services.dashboard.main"],
            log=self.directory / "dashboard.log",
            environment={
                **os.environ,
                "PYTHONPATH": str(Path(__file__).parents[3]),
                "DASHBOARD_PORT": str(self.port),
                "DASHBOARD_LIBRARY_DIR": str(CHART_LIBRARY),
                "DASHBOARD_REQUESTS_A_MINUTE": "100000",
                "DASHBOARD_SERVICE_PASSWORD": address.password.reveal(),
                "POSTGRES_PORT": str(address.port),
                "POSTGRES_DB": address.database,
                **self.settings,
            },
        )
        self.child = processes.start(command)
        wait_for(self.answers, "the dashboard")

    def answers(self) -> bool:
        """Return whether it does."""
        try:
            return httpx.get(f"{self.url}/healthy").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        assert self.child is not None
        processes.stop([self.child], grace_seconds=15)
        return int(self.child.process.wait())

    def log(self) -> str:
        """Return what it has said."""
        return (self.directory / "dashboard.log").read_text("utf-8")

    def get(self, path: str, **query: Any) -> httpx.Response:
        """Ask it."""
        return httpx.get(f"{self.url}{path}", params=query, timeout=40)


@contextmanager
def serving(market: Market, directory: Path, **settings: str) -> Iterator[Dashboard]:
    """Run a dashboard over a database."""
    (port,) = free_ports(1)
    dashboard = Dashboard(market, directory, port, settings)
    try:
        dashboard.start()
        yield dashboard
    finally:
        dashboard.stop()
