"""Measures the pipeline beside plain COPY and beside its peers, all in one run."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from scripts.benchmark import delay, draining, fetching, machine, viewing, watching
from scripts.benchmark.report import Line, table
from scripts.benchmark.sample import samples
from scripts.benchmark.servers import Servers, running
from scripts.benchmark.writing import Writing, copy_rate
from scripts.embedded import database, processes
from scripts.embedded.data_directory import data_directory
from scripts.embedded.errors import EmbeddedError
from scripts.embedded.progress import say
from services.common import topics

_MILLION = 1_000_000
_HISTORY = """
insert into market.events_stream (
    symbol, bar_time, interval, open, high, low, close, volume, session_date, source, freshness,
    adjusted, is_final, observed_at, kafka_partition, kafka_offset
)
select
    'H' || lpad((n %% 500)::text, 4, '0'), at, '1min', 10, 12, 9, 11, n, at::date, 'simulator',
    'historical', true, true, now(), 0, 0
from (
    select n, timestamptz '2010-01-04 14:30:00+00' + (n / 500) * interval '1 minute' as at
    from generate_series(%s::bigint, %s::bigint) as n
) as minutes
"""


class Bench:
    """What was asked for, on running servers."""

    def __init__(self, servers: Servers, options: argparse.Namespace) -> None:
        self.servers = servers
        self.options = options
        self.lines: list[Line] = []

    def add(self, line: Line) -> None:
        """Take a figure, and show it at once."""
        self.lines.append(line)
        say(f"  {line.what}: {line.figure} {line.ratio} {line.target and f'({line.target})'}")

    def baseline(self) -> float:
        """Measure B again: machines drift."""
        rate = copy_rate(self.servers, self.options.bars)
        self.add(Line("B: COPY into the keyed table", _rate(rate)))
        return rate

    def copy(self) -> None:
        """Measure B alone."""
        self.baseline()

    def writer(self) -> None:
        """Measure the sink's writer alone, on new, identical and changed bars."""
        before = self.baseline()
        writing = Writing(self.servers, self.options.bars)
        try:
            rows = []
            for name, version, target in (
                ("new", 0, "0.70 B"),
                ("identical", 0, "0.90 B"),
                ("changed", 1, "0.50 B"),
            ):
                inserted, updated = writing.row_versions()
                rate = writing.rate(version)
                more = tuple(
                    now - then
                    for now, then in zip(writing.row_versions(), (inserted, updated), strict=True)
                )
                rows.append((f"writer, {name} bars ({sum(more)} row versions)", rate, target))
        finally:
            writing.close()
        mean = (before + self.baseline()) / 2
        for what, rate, target in rows:
            self.add(Line(what, _rate(rate), f"{rate / mean:.2f} B", f"≥ {target}"))

    def drain(self) -> None:
        """Measure the real job and its peers on the same topic."""
        self._fill()
        before = self.baseline()
        ours = draining.job_rate(self.servers, self.options.bars, "first")
        peers = {}
        for name in draining.PEERS:
            peers[name] = draining.peer_rate(self.servers, self.options.bars, name)
            say(f"  {name}: {_rate(peers[name])}")
        again = draining.job_rate(self.servers, self.options.bars, "again")
        mean, our_mean = (before + self.baseline()) / 2, (ours + again) / 2
        self.add(Line("job, drain", _rate(our_mean), f"{our_mean / mean:.2f} B", ""))
        for (name, rate), target in zip(peers.items(), ("1.5", "7", "1.3"), strict=True):
            ratio = f"ours is {our_mean / rate:.1f} times that"
            self.add(Line(name, _rate(rate), ratio, f"≥ {target} times"))

    def latency(self) -> None:
        """Measure the delay from sending to visibility."""
        for rate, target in ((500.0, "p50 ≤ 0.3 s, p99 ≤ 0.7 s"), (5000.0, "p99 ≤ 1.5 s")):
            login = self._fresh(f"delay_{rate:.0f}")
            found = delay.measure(self.servers, login, login.database, rate, self.options.seconds)
            self.add(Line(f"delay at {rate:.0f} bars/s", _delay(found), "", target))
            for state, used in (("loaded", found.loaded_bytes), ("idle", found.idle_bytes)):
                self.add(Line(f"memory at {rate:.0f} bars/s, {state}", _memory(used)))

    def derived(self) -> None:
        """Measure what the derived series cost, and how fast they are made up for."""
        self._fill()
        rate = draining.derived_rate(self.servers, self.options.bars)
        self.add(Line("derived series of stored bars", _rate(rate)))
        wholes = {
            wanted: draining.job_rate(self.servers, self.options.bars, wanted, INDICATORS=wanted)
            for wanted in ("false", "true")
        }
        ratio = f"{wholes['true'] / wholes['false']:.2f} of that without them"
        self.add(Line("job, drain, derived series on", _rate(wholes["true"]), ratio))
        for wanted in ("false", "true"):
            login = self._fresh(f"delay_derived_{wanted}")
            at = (self.servers, login, login.database, 500.0, self.options.seconds)
            found = delay.measure(*at, INDICATORS=wanted)
            self.add(Line(f"delay at 500 bars/s, INDICATORS={wanted}", _delay(found)))

    def growth(self) -> None:
        """Measure the delay with more and more bars stored, and with more symbols."""
        stored = 0
        login = self._fresh("growth")
        for count in self.options.stored:
            if count > stored:
                with database.connect(login) as connection:
                    for start in range(stored, count, _MILLION):
                        last = min(count, start + _MILLION) - 1
                        connection.execute(_HISTORY.encode(), (start, last))
                    connection.execute("vacuum analyze market.events_stream")
                stored = count
            self._grown(login, f"{count / _MILLION:g} million stored", f"g{count}", 500)
        for symbols in self.options.symbols:
            self._grown(self._fresh(f"s{symbols}"), f"{symbols} symbols", f"s{symbols}", symbols)

    def _grown(self, login: database.Login, what: str, name: str, symbols: int) -> None:
        with database.connect(login) as connection:
            connection.execute("truncate market.sink_offsets")
        self.servers.remake_topic(topics.BARS.name)
        found = delay.measure(self.servers, login, name, 500.0, self.options.seconds, symbols)
        self.add(Line(f"delay at 500 bars/s, {what}", _delay(found), "", "within 20 %"))

    def dashboard(self) -> None:
        """Measure the delay from commit to viewers, and what they cost the sink's writer."""
        count = self.options.viewers
        found = watching.measure(self.servers, count, self.options.seconds)
        figure = (
            f"p50 {found.p50_seconds:.3f} s, p99 {found.p99_seconds:.3f} s, longest "
            f"{found.longest_seconds:.3f} s, {found.arrivals:,} of {found.expected:,} arrived"
        )
        self.add(Line(f"commit to {count} viewers", figure, "", "within 1 s"))
        self.add(Line("memory of the dashboard", f"{found.memory_bytes / 1024**2:.0f} MiB"))
        rates = [
            watching.writer_rate(self.servers, self.options.bars, number)
            for number in (0, count, count, 0)
        ]
        alone, beside = (rates[0] + rates[3]) / 2, (rates[1] + rates[2]) / 2
        ratio = f"{beside / alone:.2f} of that without them"
        self.add(Line(f"writer, new bars, {count} viewers", _rate(beside), ratio, "≥ 0.90"))

    def producer(self) -> None:
        """Measure the producer against the simulator."""
        self.servers.remake_topic(topics.BARS.name)
        for parallel in (1, 8):
            found = fetching.measure(self.servers, self.options.fetched, parallel)
            figure = (
                f"{found.symbols / found.seconds:.1f} symbols/s, "
                f"{found.bars / found.seconds:,.0f} bars/s, {found.cpu_seconds:.0f} s of CPU"
            )
            self.add(Line(f"producer, {found.symbols} symbols, {parallel} at a time", figure))

    def views(self) -> None:
        """Measure each view for one symbol and one session."""
        for found in viewing.measure(self.servers, self.options.viewed):
            figure = f"{1000 * found.seconds:.1f} ms, {found.rows} rows"
            cpu = f"{1000 * found.cpu_seconds:.1f} ms of CPU"
            self.add(Line(f"bi.{found.view}", figure, cpu, "≤ 50 ms"))

    def _fresh(self, name: str) -> database.Login:
        self.servers.remake_topic(topics.BARS.name)
        return self.servers.make_database(name)

    def _fill(self) -> None:
        self.servers.remake_topic(topics.BARS.name)
        self.servers.fill(topics.BARS.name, samples(self.options.bars))


STEPS: Mapping[str, Callable[[Bench], None]] = {
    "copy": Bench.copy,
    "writer": Bench.writer,
    "drain": Bench.drain,
    "latency": Bench.latency,
    "producer": Bench.producer,
    "derived": Bench.derived,
    "growth": Bench.growth,
    "dashboard": Bench.dashboard,
    "views": Bench.views,
}
_USUAL = ("writer", "drain", "latency", "derived", "producer")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    logging.getLogger("migrate").setLevel(logging.WARNING)
    try:
        with data_directory(None) as directory, running(directory) as servers:
            about = machine.describe(servers)
            bench = Bench(servers, options)
            for name in options.what or _USUAL:
                say(f"{name}:")
                STEPS[name](bench)
    except EmbeddedError as error:
        say(f"scripts/bench: {error}")
        return 1
    except KeyboardInterrupt:
        say("scripts/bench: interrupted")
        return 130
    print(table(about, bench.lines))
    if options.json is not None:
        result = {"machine": about, "lines": [asdict(line) for line in bench.lines]}
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


def _rate(rate: float) -> str:
    return f"{rate:,.0f} bars/s"


def _delay(found: delay.Delay) -> str:
    return (
        f"p50 {found.p50_seconds:.2f} s, p90 {found.p90_seconds:.2f} s, "
        f"p99 {found.p99_seconds:.2f} s, longest {found.longest_seconds:.2f} s"
    )


def _memory(used: Mapping[str, int]) -> str:
    total = sum(used.values())
    parts = ", ".join(f"{name} {size / 1024**2:.0f}" for name, size in sorted(used.items()))
    return f"{total / 1024**2:.0f} MiB ({parts})"


def _counts(text: str) -> list[int]:
    return [int(float(part)) for part in text.split(",")]


_counts.__name__ = "list of numbers"  # what argparse calls a wrong value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure the pipeline beside plain COPY (B) and beside its peers, in one run "
        "on servers of its own. Figures of a machine are worth little; their ratios hold.",
    )
    parser.add_argument(
        "what",
        nargs="*",
        metavar="WHAT",
        choices=[*STEPS, []],
        help=f"{', '.join(STEPS)} (default: {', '.join(_USUAL)})",
    )
    for name, default, text in (
        ("bars", _MILLION, "bars for copy, writer and drain"),
        ("fetched", 1000, "symbols for the producer"),
        ("viewers", 200, "viewers of the dashboard"),
        ("viewed", 10 * _MILLION, "bars stored for views"),
    ):
        parser.add_argument(
            f"--{name}", type=int, default=default, metavar="N", help=f"{text} (default: {default})"
        )
    parser.add_argument(
        "--seconds",
        type=float,
        default=60.0,
        metavar="S",
        help="how long each delay is measured, after 30 s of warm-up (default: 60)",
    )
    for name, usual, text in (
        ("stored", "0,1e6,10e6", "bars stored before, for growth"),
        ("symbols", "10,1000,10000", "symbols, for growth"),
    ):
        parser.add_argument(
            f"--{name}",
            type=_counts,
            default=_counts(usual),
            metavar="LIST",
            help=f"{text} (default: {usual})",
        )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table to FILE as well")
    return parser


if __name__ == "__main__":
    processes.adopt_orphans()
    try:
        code = main()
    finally:
        processes.end_orphans()
    sys.exit(code)
