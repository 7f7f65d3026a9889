"""How long a bar takes from its sending to being visible to a reader, at a steady rate."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from confluent_kafka import Producer

from scripts.benchmarking.sample import SYMBOLS, samples
from scripts.benchmarking.servers import Servers
from scripts.local_stack.servers import database, process_table, processes
from scripts.local_stack.servers.processes import Child
from services.common import topics

WARM_SECONDS = 30.0
_LOOK_SECONDS = 0.005
_PATIENCE_SECONDS = 120.0
_LEDGER = b"select partition, next_offset from market.sink_offsets"


@dataclass(frozen=True)
class Delay:
    """Seconds from sending to visibility over so many bars, and each process's memory (bytes)."""

    bars: int
    p50_seconds: float
    p90_seconds: float
    p99_seconds: float
    longest_seconds: float
    loaded_bytes: Mapping[str, int]
    idle_bytes: Mapping[str, int]


@dataclass
class Sender:
    """Sends bars at a steady rate on a thread of its own, and keeps the moment of each."""

    bootstrap: str
    rate: float
    symbols: int
    seconds: float
    sent: dict[tuple[int, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        """Start sending."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Return whether it still sends."""
        return self._thread.is_alive()

    def _run(self) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "acks": "all", "linger.ms": 2})
        count = int(self.rate * self.seconds)
        begun = time.monotonic()
        for number, sample in enumerate(samples(count, symbols=self.symbols)):
            due = begun + number / self.rate
            while (ahead := due - time.monotonic()) > 0:
                producer.poll(min(ahead, 0.01))
            moment = time.monotonic()
            now = datetime.now(tz=UTC)
            producer.produce(
                topics.BARS.name,
                sample.event(f"{now:%Y-%m-%dT%H:%M:%S.%f}Z"),
                sample.symbol,
                on_delivery=partial(self._keep, moment),
            )
        producer.flush(30)

    def _keep(self, moment: float, _error: object, message: Any) -> None:
        self.sent[message.partition(), message.offset()] = moment


def measure(
    servers: Servers,
    login: database.Login,
    name: str,
    rate: float,
    seconds: float,
    symbols: int = SYMBOLS,
    **settings: str,
) -> Delay:
    """Return the delay of the real job on a database, after it has warmed up under the load."""
    child = processes.start(servers.stream(login, f"stream-{name}", **settings))
    children = {**servers.children, "stream": child}
    sender = Sender(servers.bootstrap, rate, symbols, WARM_SECONDS + seconds)
    try:
        with database.connect(login) as connection:
            _await_start(child)
            sender.start()
            begun = time.monotonic()
            seen: dict[int, list[tuple[int, float]]] = {}
            loaded: dict[str, int] = {}
            deadline = begun + sender.seconds + _PATIENCE_SECONDS
            while sender.is_alive() or not _all_seen(sender, seen):
                _look(connection, seen)
                if not loaded and time.monotonic() - begun > WARM_SECONDS + seconds / 2:
                    loaded = memory(children)
                if time.monotonic() > deadline or not child.is_running():
                    raise child.failure()
                time.sleep(_LOOK_SECONDS)
        time.sleep(10)
        idle = memory(children)
    finally:
        processes.stop([child], 20)
    delays = _delays(sender.sent, seen, begun + WARM_SECONDS)
    return Delay(len(delays), *percentiles(delays), loaded_bytes=loaded, idle_bytes=idle)


def percentiles(delays: Sequence[float]) -> tuple[float, float, float, float]:
    """Return p50, p90, p99 and the longest of delays in ascending order."""
    last = len(delays) - 1
    p50, p90, p99 = (delays[round(last * share)] for share in (0.5, 0.9, 0.99))
    return p50, p90, p99, delays[-1]


def memory(children: Mapping[str, Child]) -> dict[str, int]:
    """Return the memory of each child and all that it started, shared pages counted once.

    PostgreSQL's children begin sessions of their own, so that their parents tell where they belong.
    """
    entries = process_table.running()
    return {
        name: process_table.memory_bytes(process_table.descendants(child.process.pid, entries))
        for name, child in children.items()
    }


def _await_start(child: Child) -> None:
    begun = time.monotonic()
    while "reading market.bars" not in child.command.log.read_text("utf-8", errors="replace"):
        if not child.is_running() or time.monotonic() - begun > _PATIENCE_SECONDS:
            raise child.failure()
        time.sleep(0.1)


def _look(connection: Any, seen: dict[int, list[tuple[int, float]]]) -> None:
    rows = connection.execute(_LEDGER).fetchall()
    now = time.monotonic()
    for partition, next_offset in rows:
        marks = seen.setdefault(partition, [])
        if not marks or marks[-1][0] != next_offset:
            marks.append((next_offset, now))


def _all_seen(sender: Sender, seen: Mapping[int, Sequence[tuple[int, float]]]) -> bool:
    ends: dict[int, int] = {}
    for partition, offset in sender.sent:
        ends[partition] = max(ends.get(partition, 0), offset)
    return all(
        partition in seen and seen[partition][-1][0] > offset for partition, offset in ends.items()
    )


def _delays(
    sent: Mapping[tuple[int, int], float],
    seen: Mapping[int, Sequence[tuple[int, float]]],
    since: float,
) -> list[float]:
    offsets = {partition: [mark[0] for mark in marks] for partition, marks in seen.items()}
    return sorted(
        seen[partition][bisect_right(offsets[partition], offset)][1] - moment
        for (partition, offset), moment in sent.items()
        if moment >= since
    )
