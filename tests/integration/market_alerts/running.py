"""The alerts as a process of its own, over a real PostgreSQL."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from scripts.local_stack.servers import processes
from scripts.local_stack.servers.processes import Child, Command
from tests.fixtures.live import wait_for
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import Price, line
from tests.integration.market_alerts.receiving import SECRET

ROOT = Path(__file__).parents[3]
BEGINNING = "2026-11-01 00:00Z"


@dataclass
class Alerts:
    """One instance."""

    market: Market
    directory: Path
    name: str = "alerts"
    settings: dict[str, str] = field(default_factory=dict)
    child: Child | None = None

    def write(self, rules: str, **receivers: str) -> None:
        """Write the file of alerts; receivers are addresses of webhooks by their names."""
        (self.directory / "key").write_text(SECRET + "\n", "utf-8")
        lines = ["receivers:"]
        for name, url in receivers.items():
            (self.directory / f"{name}_url").write_text(url, "utf-8")
            lines += [
                f"  {name}: {{webhook_file: {name}_url, signing_key_file: key,",
                "    allow_private: true, allow_http: true}",
            ]
        part = self.directory / "alerts.part"
        part.write_text("\n".join([*lines, "rules:", rules]), "utf-8")
        part.replace(self.directory / "alerts.yaml")

    def start(self, *, wait: bool = True, **settings: str) -> None:
        """Start it, and wait until its rules are in force."""
        address = self.market.address("alerts_service")
        before = self.log().count("are in force")
        self.child = processes.start(
            Command(
                name=self.name,
                arguments=[sys.executable, "-P", "-m", "services.alerts.main"],
                log=self.directory / f"{self.name}.log",
                environment={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "PYTHONUNBUFFERED": "1",
                    "ALERTS_FILE": str(self.directory / "alerts.yaml"),
                    "ALERTS_SERVICE_PASSWORD": address.password.reveal(),
                    "ALERTS_TIMEOUT_SECONDS": "2",
                    "POSTGRES_PORT": str(address.port),
                    "POSTGRES_DB": address.database,
                    **self.settings,
                    **settings,
                },
            )
        )
        if wait:
            wait_for(lambda: self.log().count("are in force") > before, "the alerts")

    def log(self) -> str:
        """Return what it has said."""
        file = self.directory / f"{self.name}.log"
        return file.read_text("utf-8") if file.exists() else ""

    def kill(self) -> None:
        """End it at once."""
        assert self.child is not None
        os.kill(self.child.process.pid, signal.SIGKILL)
        self.child.process.wait()

    def niceness(self) -> int:
        """Return how far the process stands back for others."""
        assert self.child is not None
        return os.getpriority(os.PRIO_PROCESS, self.child.process.pid)

    def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        assert self.child is not None
        processes.stop([self.child], grace_seconds=30)
        return int(self.child.process.wait())

    def rows(self, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Ask the database as its superuser."""
        return self.market.rows(query, parameters)

    def is_idle(self) -> bool:
        """Return whether nothing is left to be looked at or sent."""
        return self.rows(
            "select (select count(*) from alerts.work) + (select count(*) from alerts.deliveries "
            "where state = 'pending')"
        ) == [(0,)]


@contextmanager
def running(market: Market, directory: Path, **settings: str) -> Iterator[Alerts]:
    """Let the alerts run for a while; a test starts them."""
    alerts = Alerts(market, directory, settings=settings)
    # A simulated market that began before all bars of the tests, so that new rules look at them.
    market.run(
        "insert into market.source_clocks values ('simulator', %s, now(), 0.000001)", (BEGINNING,)
    )
    try:
        yield alerts
    finally:
        if alerts.child is not None and alerts.child.is_running():
            alerts.stop()


def bar(symbol: str, at: datetime, close: float, seen: datetime | None = None, **own: Any) -> str:
    """Return a bar of a minute that opens where it closes."""
    price = Price(
        own.get("open", close),
        max(close, own.get("open", close)) + 0.5,
        min(close, own.get("open", close)) - 0.5,
        close,
        own.get("volume", 1000),
    )
    return line(symbol, at, price, seen or at + timedelta(minutes=1))
