"""The whole pipeline on one machine without Docker: starts it, shows it, sums it up, stops it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from scripts.installation.java import require_java
from scripts.launcher.errors import SetupError
from scripts.launcher.progress import say
from scripts.local_stack import demo_options, startup
from scripts.local_stack.addresses import choose_addresses
from scripts.local_stack.data_directory import data_directory
from scripts.local_stack.market import choose_market
from scripts.local_stack.monitor import Monitor
from scripts.local_stack.pipeline import Run
from scripts.local_stack.servers import process_table, processes
from scripts.local_stack.servers.database import Reader
from scripts.local_stack.servers.kafka_client import Offsets
from scripts.local_stack.servers.passwords import make_passwords
from scripts.local_stack.servers.processes import Child
from scripts.local_stack.summary import Result, as_json, as_text, rate, status_line
from services.common.market.market_clock import MarketClock, parse_market_clock, utc_now
from services.common.topics import BARS

_REFRESH_SECONDS = 1.0
_LINE_SECONDS = 10.0  # between status lines where there is no terminal
_DRAIN_SECONDS = 10.0
_SERVICE_GRACE_SECONDS = 9.0
_SERVER_GRACE_SECONDS = 4.0
_SERVERS = ("kafka", "postgres")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    options = demo_options.parse(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    # The client retries by itself; what a person must know is said here.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        with data_directory(options.data_dir) as directory:
            run = Run(
                options=options,
                market=choose_market(options, directory / "market.json", utc_now()),
                directory=directory,
                addresses=choose_addresses(options.ports),
                java=require_java(os.environ),
                passwords=make_passwords(directory / "secrets"),
            )
            _run(run)
    except SetupError as error:
        say(f"scripts/demo: {error}")
        return 1
    except KeyboardInterrupt:
        say("\nscripts/demo: stopped before everything ran")
        return 130
    return 0


def _run(run: Run) -> None:
    """Start, watch until the end is asked for, sum up; stop everything in any case."""
    children: list[Child] = []
    connection = run.directory / "connection.json"
    connection.unlink(missing_ok=True)  # of a run that was killed
    started_at = utc_now()
    processes.adopt_orphans()
    try:
        startup.start_servers(run, children)
        with contextlib.closing(_monitor(run, started_at)) as monitor:
            startup.start_services(run, children)
            startup.write_connection(run, connection)
            print(startup.announcement(run), flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                _watch(run, children, monitor)
            _ignore_signals()
            _sum_up(run, children, monitor, started_at)
    finally:
        _ignore_signals()
        connection.unlink(missing_ok=True)
        _stop_all(children)


def _monitor(run: Run, started_at: datetime) -> Monitor:
    offsets = Offsets(run.addresses.bootstrap, BARS.name, BARS.partitions)
    reader = Reader(startup.reader_login(run))
    return Monitor(offsets, reader, run.market.symbols.split(","), started_at)


def _watch(run: Run, children: Sequence[Child], monitor: Monitor) -> None:
    """Show the status until the time is up; a Ctrl-C ends it early. Raises SetupError."""
    clock = parse_market_clock(run.market.clock)
    say(
        f"running for {run.options.seconds:g} s; Ctrl-C ends it earlier"
        if run.options.seconds
        else "Ctrl-C stops everything"
    )
    begin, shown_at = time.monotonic(), -_LINE_SECONDS
    while run.options.seconds is None or time.monotonic() - begin < run.options.seconds:
        line = _status(children, monitor, clock)
        if sys.stdout.isatty():
            columns = shutil.get_terminal_size().columns
            print(f"\r{line[: columns - 1]:<{columns - 1}}", end="", flush=True)
        elif time.monotonic() - shown_at >= _LINE_SECONDS:
            shown_at = time.monotonic()
            print(line, flush=True)
        time.sleep(_REFRESH_SECONDS)


def _status(children: Sequence[Child], monitor: Monitor, clock: MarketClock) -> str:
    """Return the line to show. A server that gives no answer may be recovering, as long as its
    process lives. Raises SetupError."""
    try:
        snapshot = monitor.read(utc_now())
        line = status_line(snapshot.counts, clock.now(), snapshot.newest)
    except SetupError as error:
        line = f"no status now, trying again: {error}"
    _require_running(children)
    return line


def _require_running(children: Sequence[Child]) -> None:
    for child in children:
        if not child.is_running():
            raise child.failure()


def _sum_up(run: Run, children: Sequence[Child], monitor: Monitor, started_at: datetime) -> None:
    """Print what the run came to, and write it where --json said."""
    ended_at = utc_now()
    memory = _memory_mb(children)
    if run.options.seconds is not None:
        _drain(children, monitor)
    snapshot = monitor.read(utc_now())
    first_at = monitor.first_stored_at()
    stored = monitor.stored_this_run(snapshot.counts)
    result = Result(
        counts=snapshot.counts,
        stored_this_run=stored,
        seconds=(ended_at - started_at).total_seconds(),
        setup_seconds=run.options.setup_seconds,
        seconds_to_first_row=(first_at - started_at).total_seconds() if first_at else None,
        rows_per_second=rate(stored, first_at, ended_at),
        latency=monitor.latency(),
        memory_mb=memory,
        newest=snapshot.newest,
    )
    simulated = ", on a SIMULATED market" if run.market.simulated else ""
    print(f"\n\nThe run of {result.seconds:.0f} s{simulated}:\n{as_text(result)}", flush=True)
    if run.options.json_file is not None:
        facts = {"simulated": run.market.simulated, "addresses": asdict(run.addresses)}
        text = json.dumps(as_json(result, facts), indent=2) + "\n"
        run.options.json_file.write_text(text, encoding="utf-8")


def _drain(children: Sequence[Child], monitor: Monitor) -> None:
    """Stop the producer and let the stream read what is left, so that the sums add up."""
    producers = [child for child in children if child.name == "producer"]
    processes.stop(producers, _SERVICE_GRACE_SECONDS)
    deadline = time.monotonic() + _DRAIN_SECONDS
    while monitor.read(utc_now()).counts.lag > 0 and time.monotonic() < deadline:
        time.sleep(_REFRESH_SECONDS / 10)


def _memory_mb(children: Sequence[Child]) -> dict[str, float]:
    entries = process_table.running()
    return {
        child.name: process_table.memory_bytes(
            process_table.descendants(child.process.pid, entries)
        )
        / 1e6
        for child in children
    }


def _stop_all(children: Sequence[Child]) -> None:
    """The services first, since they still talk to the servers; all within 15 s."""
    say("stopping")
    servers = [child for child in children if child.name in _SERVERS]
    services = [child for child in children if child.name not in _SERVERS]
    processes.stop(services, _SERVICE_GRACE_SECONDS)
    processes.stop(servers, _SERVER_GRACE_SECONDS)
    processes.end_orphans()


def _ignore_signals() -> None:
    """Nothing may interrupt the end, which is short anyway."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
