"""A vendor behind a real HTTP server: the simulator, at the time of a test."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from services.common.secret import Secret
from services.producer.alpha_vantage.classify import Verdict
from services.producer.alpha_vantage.client import Api
from services.producer.alpha_vantage.source import Source
from services.producer.series import Series, Slice
from services.simulator.api import calls as simulator
from services.simulator.api.dispatch import Dispatcher
from services.simulator.api.faults import Faults
from services.simulator.api.rate_limits import Limiter, parse_plan
from services.simulator.market.bars import BarSource, PrintedBar
from services.simulator.market.recorded_bars import RecordedBars, Recording
from services.simulator.market.trading_sessions import Sessions
from services.simulator.server import SimulatorServer
from tests.unit.producer.fakes import Broker, Clock, Vendor
from tests.unit.producer.harness import World

KEY = "K3Y"
_NEW_YORK = ZoneInfo("US/Eastern")


class ServedVendor(Vendor):
    """Asks the server by the producer's own client; `faults` says which calls go wrong."""

    def __init__(self, clock: Clock, server: SimulatorServer, entitlement: str = "none") -> None:
        super().__init__(clock.now)
        source = Source(
            url=server.url,
            key=Secret(KEY),
            rapidapi=False,
            simulated=False,
            entitlement=entitlement,
            extended_hours=True,
            adjusted=True,
        )
        self.api = Api(source, 2, clock.now)
        self.faults = server.dispatcher.faults
        self.calls_on: Counter[tuple[date, str]] = Counter()

    def fetch(self, series: Series, part: Slice) -> tuple[Verdict, datetime]:
        self.calls.append((series, part))
        self.calls_on[(self._now().date(), series.symbol)] += 1
        return self.api.fetch(series, part)

    def asked(self, series: Series) -> list[str]:
        """Return what was asked for of a series since the last time this was called."""
        parts = [str(part) for each, part in self.calls if each == series]
        self.calls = [call for call in self.calls if call[0] != series]
        return parts


def recorded(series: Series, times: Iterable[str]) -> Iterator[Recording]:
    """Yield a bar for each exchange time, no two alike."""
    for number, time in enumerate(times):
        starts_at = datetime.fromisoformat(time).replace(tzinfo=_NEW_YORK).astimezone(UTC)
        bar = PrintedBar(time, "10.0000", "12.0000", "9.0000", "11.0000", str(100 + number))
        yield Recording(*series, "US/Eastern", starts_at, bar)


@contextmanager
def served_world(
    folder: Path, now: datetime, sessions: Sessions, bars: Iterable[Recording], plan: str
) -> Iterator[tuple[World, ServedVendor]]:
    """Run a server over recorded bars; return a world with it, and its vendor."""
    source = RecordedBars(bars, sessions)
    with simulated_world(folder, now, sessions, source, plan) as made:
        yield made


@contextmanager
def simulated_world(
    folder: Path,
    now: datetime,
    sessions: Sessions,
    source: BarSource,
    plan: str,
    entitlement: str = "none",
) -> Iterator[tuple[World, ServedVendor]]:
    """Run a server over bars of any source; return a world with it, and its vendor."""
    clock, limits = Clock(now), parse_plan(plan)
    limiter = Limiter(limits, clock.monotonic, clock.now)
    dispatcher = Dispatcher(
        simulator.Api(source, sessions, limits, limiter, clock.now), Faults(1, {})
    )
    server = SimulatorServer("127.0.0.1", 0, dispatcher, hang_seconds=1.0)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    vendor = ServedVendor(clock, server, entitlement)
    try:
        yield World(folder, clock, vendor, Broker()), vendor
    finally:
        vendor.api.close()
        server.stop()
        thread.join()
