"""A producer of which every part is real but the API, the Kafka client and the clocks.

Calls and deliveries happen on the spot, so that a test reads like a sequence of events and can
end a process at any of them.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.settings import Environment
from services.producer.alpha_vantage.rate_limiter import Pacer
from services.producer.loop import Poller
from services.producer.market_calendar import Sessions
from services.producer.metrics import Metrics
from services.producer.polling.fetch_pool import Fetcher, Job
from services.producer.polling.watchlist import Watchlist
from services.producer.publishing.delivery import DeliveryThread, PendingBars
from services.producer.publishing.kafka_writer import KafkaWriter
from services.producer.publishing.state_store import StateStore
from services.producer.runtime import Clocks, Complaints, Context, Inbox
from services.producer.series import Series
from services.producer.settings import read_settings
from tests.unit.producer.fakes import Broker, Clock, Vendor

LOG = logging.getLogger("test-producer")


class KilledError(BaseException):
    """The process ends here, as by kill -9."""


class _Fetcher(Fetcher):
    def submit(self, job: Job) -> None:
        self._on_fetched(self.fetch(job))

    def is_alive(self) -> bool:
        return True


class _Courier(DeliveryThread):
    def submit(self, pending: PendingBars) -> None:
        super().submit(pending)
        while self.waiting():
            self.carry()

    def is_alive(self) -> bool:
        return True


@dataclass
class World:
    """What outlives a producer: its state folder, time, the vendor and the broker."""

    folder: Path
    clock: Clock
    vendor: Vendor
    broker: Broker

    @classmethod
    def at(cls, folder: Path, now: datetime) -> World:
        """Return a world with empty shelves at an instant."""
        clock = Clock(now)
        return cls(folder, clock, Vendor(clock.now), Broker())

    def once(self, variables: dict[str, str]) -> int:
        """Run a producer with --once; return its exit code."""
        return run_once(Process(self, variables, once=True))


class Process:
    """One life of a producer over a state folder."""

    def __init__(
        self,
        world: World,
        variables: dict[str, str],
        once: bool = False,
        memory_type: Callable[..., StateStore] = StateStore,
    ) -> None:
        clock = world.clock
        settings = read_settings(
            Environment(
                {
                    "ALPHA_VANTAGE_KEY": "K3Y",
                    "PRODUCER_STATE_DIR": str(world.folder),
                    "SYMBOLS": "AAPL",
                    "CORPORATE_ACTIONS": "false",
                    **variables,
                }
            )
        )
        self.metrics, self.memory = Metrics(), memory_type(world.folder, clock.now())
        self.beats = 0
        self.stop = threading.Event()
        inbox, sessions = Inbox(), Sessions(settings.source.extended_hours)
        cluster = KafkaCluster(("kafka:9092",))
        writer = KafkaWriter("market.bars", cluster, world.broker.connect, LOG, 60.0)
        pacer = Pacer(settings.plan)
        if settings.plan.per_day is not None:
            pacer.restore(self.memory.calls(), clock.now(), clock.monotonic())
        self.delivery_thread = _Courier(writer, self.memory, self.metrics, inbox.put)
        self.poller = Poller(
            Context(
                settings=settings,
                clocks=Clocks(clock.now, clock.now, clock.monotonic),
                memory=self.memory,
                pacer=pacer,
                sessions=sessions,
                fetcher=_Fetcher(world.vendor, settings.source, sessions, 2, inbox.put),
                delivery_thread=self.delivery_thread,
                watchlist=Watchlist(settings, LOG),
                metrics=self.metrics,
                inbox=inbox,
                stop=self.stop,
                beat=self._beat,
                complaints=Complaints(LOG),
                once=once,
                tick_seconds=0.001,
            )
        )

    def _beat(self) -> None:
        self.beats += 1

    def steps(self, count: int) -> None:
        """Go so many times round the loop."""
        for _ in range(count):
            self.poller.step()

    def end(self) -> None:
        """Let go of the state, as the end of a process does."""
        self.memory.close()


def run_once(process: Process) -> int:
    """Run a process that was made with `once` and end it; return its exit code."""
    with closing(process.memory):
        return process.poller.run()


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for a condition that another thread or process brings about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        threading.Event().wait(0.01)


OPEN = datetime(2025, 11, 6, 16, 0, tzinfo=UTC)  # 11:00 in New York, a Thursday
FIVE, DAILY = Series("AAPL", "5min"), Series("AAPL", "1d")
LIVE = {"ALPHA_VANTAGE_PLAN": "150", "ALPHA_VANTAGE_ENTITLEMENT": "realtime"}
FREE = {"ALPHA_VANTAGE_PLAN": "free"}


def intraday(
    count: int, newest: str = "2025-11-06 11:00:00", every: int = 5
) -> dict[str, Sequence[str]]:
    """Return `count` bars up to `newest`, one `every` so many minutes, sessions or not."""
    end = datetime.fromisoformat(newest)
    return {
        (end - timedelta(minutes=every * back)).strftime("%Y-%m-%d %H:%M:%S"): (
            "10.0",
            "12.0",
            "9.0",
            "11.0",
            str(back),
        )
        for back in range(count)
    }


def daily(days: Iterable[str]) -> dict[str, Sequence[str]]:
    return dict.fromkeys(days, ("10.0", "12.0", "9.0", "11.0", "100"))


def published(broker: Broker) -> list[dict[str, Any]]:
    return [json.loads(value) for _, value in broker.log]


def stored(broker: Broker) -> dict[str, list[str]]:
    """Return what a sink would hold: the newest observation of each bar."""
    newest: dict[str, dict[str, Any]] = {}
    for bar in published(broker):
        held = newest.get(bar["exchange_time"])
        if held is None or bar["observed_at"] >= held["observed_at"]:
            newest[bar["exchange_time"]] = bar
    return {time: list(bar["ohlcv"].values()) for time, bar in newest.items()}


def held(vendor: Vendor, series: Series = FIVE) -> dict[str, list[str]]:
    return {time: list(fields) for time, fields in vendor.bars[series].items()}
