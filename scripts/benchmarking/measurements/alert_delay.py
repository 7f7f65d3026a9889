"""Market alerts: from the commit of a bar to its webhook, beside a script that polls the table."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarking.alert_load import COMMITS_A_SECOND, WARM_SECONDS, Key, Load, key
from scripts.benchmarking.dashboard_process import PATIENCE_SECONDS, log_of
from scripts.benchmarking.measurements.delay import percentiles
from scripts.benchmarking.measurements.sink_write_rate import Writing
from scripts.benchmarking.report import Line, rate_text
from scripts.benchmarking.servers import Servers
from scripts.local_stack.servers import database, process_table, processes
from scripts.local_stack.servers.passwords import ALERTS
from scripts.local_stack.servers.ports import HOST, free_ports
from scripts.local_stack.servers.processes import Child, Command
from services.stream.sink import postgres

_SETTLE_SECONDS = 15.0
_CLOCK = """
insert into market.source_clocks values ('simulator', '2020-01-01 00:00Z', now(), 0.000001)
"""


@dataclass(frozen=True)
class Told:
    """Seconds from commit to webhook, in ascending order, of so many alerts that were due; most
    memory of who told them (bytes)."""

    due: int
    delays: Sequence[float]
    memory_bytes: int


def measure(servers: Servers, load: Load, bars: int) -> Iterator[Line]:
    """Yield the figures one after another; the writer is measured with so many bars."""
    file = servers.directory / "alerts.yaml"
    file.write_text(load.rules_text("alerts_url"), encoding="utf-8")
    what = f"{load.rules} rules, {load.symbols} symbols, {load.bars_a_second:.0f} bars/s"
    ours = _told(servers, "alerts", file, load)
    yield Line(f"commit to webhook, {what}", _figure(ours), "", "p99 ≤ 1 s")
    yield Line("memory of the alerts", f"{ours.memory_bytes / 1024**2:.0f} MiB", "", "≤ 200 MiB")
    peer = _told(servers, "poll", file, load)
    ratio = ""
    if peer.delays and ours.delays:
        theirs, own = percentiles(peer.delays), percentiles(ours.delays)
        ratio = f"p50 {theirs[0] / own[0]:.1f}, p99 {theirs[2] / own[2]:.1f} times ours"
    yield Line("a script that polls the table", _figure(peer), ratio)
    rates = [_sink_rate(servers, bars, with_alerts) for with_alerts in (False, True, True, False)]
    alone, beside = (rates[0] + rates[3]) / 2, (rates[1] + rates[2]) / 2
    ratio = f"{beside / alone:.2f} of that without them"
    yield Line("writer, new bars, with alerts", rate_text(beside), ratio, "≥ 0.95")


def _figure(told: Told) -> str:
    arrived = f"{len(told.delays):,} of {told.due:,} alerts arrived"
    if not told.delays:
        return arrived
    p50, _, p99, longest = percentiles(told.delays)
    return f"p50 {p50:.3f} s, p99 {p99:.3f} s, longest {longest:.3f} s, {arrived}"


def _told(servers: Servers, who: str, file: Path, load: Load) -> Told:
    """Return what became of the alerts of a load that one of both looks at."""
    login = servers.make_database(f"alerted_{who}")
    with database.connect(login) as connection:
        connection.execute(_CLOCK.encode())
    try:
        with _receiving(servers, who) as (receiver, arrivals):
            with _telling(servers, who, login, file) as child:
                committed = _commit_all(servers, login, load)
                time.sleep(_SETTLE_SECONDS)
                pids = process_table.descendants(child.process.pid, process_table.running())
                memory = process_table.memory_bytes(pids)
            processes.stop([receiver], 20)
            found = json.loads(arrivals.read_text("utf-8"))
    finally:
        servers.drop_database(login)
    begun = min(committed.values()) + WARM_SECONDS
    measured = {bar for bar, at in committed.items() if at >= begun}
    delays = [
        arrived - committed[symbol, at] for symbol, at, arrived in found if (symbol, at) in measured
    ]
    count = sum(number for bar, number in load.due().items() if bar in measured)
    return Told(count, sorted(delays), memory)


def _commit_all(servers: Servers, login: database.Login, load: Load) -> dict[Key, float]:
    """Store the bars of a load as the sink does; return the moment of each commit."""
    committed: dict[Key, float] = {}
    with contextlib.closing(postgres.connect(servers.writer(login), "bench")) as session:
        session.prepare_staging()
        begun = time.monotonic()
        for number, bars in enumerate(load.commits()):
            time.sleep(max(0.0, begun + number / COMMITS_A_SECOND - time.monotonic()))
            lines = sorted(bar.line(0, number) for bar in bars)
            with session.transaction():
                session.stage_bars([line.encode() for line in lines])
                session.notify(session.merge(len(lines)).symbols)
            moment = time.monotonic()
            committed |= dict.fromkeys(map(key, lines), moment)
    return committed


@contextlib.contextmanager
def _receiving(servers: Servers, who: str) -> Iterator[tuple[Child, Path]]:
    """Run a receiver; yield it and the file of arrivals, which is there when it has ended."""
    (port,) = free_ports(1)
    arrivals = servers.directory / f"alerted-{who}.json"
    (servers.directory / "alerts_url").write_text(f"http://{HOST}:{port}/", encoding="utf-8")
    receiver = _started(
        servers.service(
            "scripts.benchmarking.measurements.webhook_receiver",
            f"receiver-{who}",
            *(str(port), str(arrivals)),
        )
    )
    try:
        processes.wait_until(lambda: "listening" in log_of(receiver), receiver, PATIENCE_SECONDS)
        yield receiver, arrivals
    finally:
        processes.stop([receiver], 20)


@contextlib.contextmanager
def _telling(servers: Servers, who: str, login: database.Login, file: Path) -> Iterator[Child]:
    """Run the alerts, or the script, until the block ends."""
    command, ready = (
        (_alerts(servers, login, file), "rules are in force")
        if who == "alerts"
        else (_script(servers, login, file), "listening")
    )
    child = _started(command)
    try:
        processes.wait_until(lambda: ready in log_of(child), child, PATIENCE_SECONDS)
        yield child
    finally:
        processes.stop([child], 20)


def _started(command: Command) -> Child:
    """Start a process with a log of its own: the one before it has said that it was ready."""
    command.log.unlink(missing_ok=True)
    return processes.start(command)


def _alerts(servers: Servers, login: database.Login, file: Path) -> Command:
    return servers.service(
        "services.alerts.main",
        f"alerts-{login.database}",
        ALERTS_FILE=str(file),
        ALERTS_SERVICE_PASSWORD_FILE=str(servers.passwords[ALERTS]),
        POSTGRES_PORT=str(login.port),
        POSTGRES_DB=login.database,
    )


def _script(servers: Servers, login: database.Login, file: Path) -> Command:
    url = (servers.directory / "alerts_url").read_text("utf-8")
    return servers.service(
        "scripts.benchmarking.peers.poll_alerts",
        "poll-alerts",
        *(str(login.port), login.database, str(file), url),
        PGPASSWORD=login.password.reveal(),
    )


def _sink_rate(servers: Servers, bars: int, with_alerts: bool) -> float:
    """Return the rate of the sink's writer on new bars, with rules on them or without."""
    writing = Writing(servers, bars)
    try:
        with database.connect(writing.login) as connection:
            connection.execute(_CLOCK.encode())
        if not with_alerts:
            return writing.rate(0)
        file = servers.directory / "alerts.yaml"
        with _receiving(servers, "rate"), _telling(servers, "alerts", writing.login, file):
            return writing.rate(0)
    finally:
        writing.close()
