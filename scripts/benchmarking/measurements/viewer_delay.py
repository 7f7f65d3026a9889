"""Many viewers of the dashboard: how late a bar reaches them, and what they cost the sink."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scripts.benchmarking import dashboard_process
from scripts.benchmarking.dashboard_process import PATIENCE_SECONDS, log_of
from scripts.benchmarking.measurements.delay import percentiles
from scripts.benchmarking.measurements.sink_write_rate import Writing
from scripts.benchmarking.measurements.viewers import WATCHED
from scripts.benchmarking.sample import SYMBOLS, Sample, samples
from scripts.benchmarking.servers import Servers
from scripts.local_stack.servers import database, process_table, processes
from scripts.local_stack.servers.processes import Child
from services.stream.sink import postgres

_FROM_MINUTE = 500_000  # after all that the writer writes
_EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class Viewing:
    """Seconds from commit to viewer over so many arrivals; the dashboard's memory (bytes)."""

    viewers: int
    expected: int
    arrivals: int
    p50_seconds: float
    p90_seconds: float
    p99_seconds: float
    longest_seconds: float
    memory_bytes: int


@contextlib.contextmanager
def watched(servers: Servers, login: database.Login, count: int) -> Iterator[tuple[Child, Path]]:
    """Run a dashboard on a database with so many viewers; yield it and the file of arrivals,
    which is there when the viewers have gone."""
    with dashboard_process.serving(servers, login) as dashboard:
        port = dashboard.port
        arrivals = servers.directory / f"arrivals-{port}.json"
        viewers = processes.start(
            servers.service(
                "scripts.benchmarking.measurements.viewers",
                f"viewers-{port}",
                *(str(port), str(count), str(arrivals)),
            )
        )
        try:
            processes.wait_until(
                lambda: "viewers are here" in log_of(viewers), viewers, PATIENCE_SECONDS
            )
            yield dashboard.child, arrivals
        finally:
            processes.stop([viewers], 20)


def writer_rate(servers: Servers, bars: int, count: int) -> float:
    """Return the rate of the sink's writer on new bars while so many look on (0: nobody)."""
    writing = Writing(servers, bars)
    try:
        if not count:
            return writing.rate(0)
        with watched(servers, writing.login, count):
            return writing.rate(0)
    finally:
        writing.close()


def measure(servers: Servers, count: int, seconds: float) -> Viewing:
    """Return the delay at two commits a second of one new bar of every watched symbol."""
    login = servers.make_database("viewed")
    session = postgres.connect(servers.writer(login), "bench")
    session.prepare_staging()
    committed: dict[float, float] = {}
    try:
        _commit(session, 0)
        with watched(servers, login, count) as (page, file):
            entries = process_table.running()
            begun = time.monotonic()
            rounds = int(seconds / _EVERY_SECONDS)
            for number in range(1, rounds + 1):
                time.sleep(max(0.0, begun + number * _EVERY_SECONDS - time.monotonic()))
                committed[_commit(session, number)] = time.monotonic()
            time.sleep(3)
            pids = process_table.descendants(page.process.pid, entries)
            memory = process_table.memory_bytes(pids)
        found = json.loads(file.read_text("utf-8"))
    finally:
        session.close()
        servers.drop_database(login)
    delays = sorted(arrived - committed[at] for at, arrived in found if at in committed)
    return Viewing(count, rounds * count, len(delays), *percentiles(delays), memory_bytes=memory)


def _commit(session: postgres.Session, number: int) -> float:
    """Store one bar of each watched symbol as the sink does; return its time in Unix seconds."""
    minute = _FROM_MINUTE // SYMBOLS + number
    bars = [Sample(one.symbol, one.number, minute, 0) for one in samples(WATCHED)]
    lines = sorted(bar.line(0, number) for bar in bars)
    with session.transaction():
        session.stage_bars([line.encode() for line in lines])
        session.notify(session.merge(len(lines)).symbols)
    start = datetime.fromisoformat(lines[0].split("\t")[1]).replace(tzinfo=UTC)
    return (start - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)
