"""The steps of a measurement: each takes its figures on running servers and shows them at once."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from scripts.benchmarking import stored_bars
from scripts.benchmarking.alert_load import Load
from scripts.benchmarking.measurements import (
    alert_delay,
    delay,
    drain_rate,
    export_rate,
    fetch_rate,
    import_steps,
    startup_time,
    view_queries,
    viewer_delay,
)
from scripts.benchmarking.measurements.sink_write_rate import Writing, copy_rate
from scripts.benchmarking.report import Line, delay_text, memory_text, rate_text
from scripts.benchmarking.sample import SYMBOLS, samples
from scripts.benchmarking.servers import Servers
from scripts.launcher.progress import say
from scripts.local_stack.servers import database
from services.common import topics

_MILLION = 1_000_000


@dataclass(frozen=True)
class Grown:
    """Bars a second of a drain, and the delay at a steady rate, on what was stored before."""

    rate: float
    delay: delay.Delay


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
        self.add(Line("B: COPY into the keyed table", rate_text(rate)))
        return rate

    def copy(self) -> None:
        """Measure B alone."""
        self.baseline()

    def writer(self) -> None:
        """Measure the sink's writer alone, on new, identical and changed bars; each is told beside
        the B's before and after it."""
        before = self.baseline()
        writing = Writing(self.servers, self.options.bars)
        empty = writing.stored_bytes()
        try:
            for name, version, target in (
                ("new", 0, "0.70 B"),
                ("identical", 0, "0.90 B"),
                ("changed", 1, "0.50 B"),
            ):
                rows = sum(writing.row_versions())
                rate = writing.rate(version)
                what = f"writer, {name} bars ({sum(writing.row_versions()) - rows} row versions)"
                after = self.baseline()
                ratio = f"{2 * rate / (before + after):.2f} B"
                self.add(Line(what, rate_text(rate), ratio, f"≥ {target}"))
                if name == "new":
                    used = (writing.stored_bytes() - empty) / self.options.bars
                    self.add(Line("a stored bar, indexes and all", f"{used:.0f} bytes"))
                before = after
        finally:
            writing.close()

    def drain(self) -> None:
        """Measure the real job and its peers on the same topic."""
        self._fill()
        before = self.baseline()
        ours = drain_rate.job_rate(self.servers, self.options.bars, "first")
        peers = {}
        for name in drain_rate.PEERS:
            peers[name] = drain_rate.peer_rate(self.servers, self.options.bars, name)
            say(f"  {name}: {rate_text(peers[name])}")
        again = drain_rate.job_rate(self.servers, self.options.bars, "again")
        mean, our_mean = (before + self.baseline()) / 2, (ours + again) / 2
        self.add(Line("job, drain", rate_text(our_mean), f"{our_mean / mean:.2f} B", ""))
        for name, rate in peers.items():
            ratio = f"ours is {our_mean / rate:.2f} times that"
            self.add(Line(name, rate_text(rate), ratio, drain_rate.PEERS[name][1]))

    def latency(self) -> None:
        """Measure the delay from sending to visibility."""
        for rate, target in ((500.0, "p50 ≤ 0.3 s, p99 ≤ 0.7 s"), (5000.0, "p99 ≤ 1.5 s")):
            login = self._fresh(f"delay_{rate:.0f}")
            found = delay.measure(self.servers, login, login.database, rate, self.options.seconds)
            self.add(Line(f"delay at {rate:.0f} bars/s", delay_text(found), "", target))
            for state, used in (("loaded", found.loaded_bytes), ("idle", found.idle_bytes)):
                self.add(Line(f"memory at {rate:.0f} bars/s, {state}", memory_text(used)))

    def derived(self) -> None:
        """Measure what the indicators cost, and how fast they are made up for."""
        self._fill()
        rate = drain_rate.derived_rate(self.servers, self.options.bars)
        self.add(Line("indicators of stored bars", rate_text(rate)))
        wholes = {
            wanted: drain_rate.job_rate(self.servers, self.options.bars, wanted, INDICATORS=wanted)
            for wanted in ("false", "true")
        }
        ratio = f"{wholes['true'] / wholes['false']:.2f} of that without them"
        self.add(Line("job, drain, indicators on", rate_text(wholes["true"]), ratio))
        for wanted in ("false", "true"):
            login = self._fresh(f"delay_derived_{wanted}")
            at = (self.servers, login, login.database, 500.0, self.options.seconds)
            found = delay.measure(*at, INDICATORS=wanted)
            self.add(Line(f"delay at 500 bars/s, INDICATORS={wanted}", delay_text(found)))

    def growth(self) -> None:
        """Measure rate and delay with more and more bars stored, and with more symbols.

        Each is told beside the first: with none stored, or with the fewest symbols.
        """
        stored, first = 0, None
        login = self.servers.make_database("growth")
        for count in self.options.stored:
            if count > stored:
                seconds = stored_bars.store(login, stored, count)
                say(f"  {count - stored} bars more are stored ({seconds:.0f} s)")
                stored = count
            found = self._grown(login, f"{count / _MILLION:g} million stored", SYMBOLS, first)
            first = first or found
        first = None
        for symbols in self.options.symbols:
            login = self.servers.make_database(f"s{symbols}")
            found = self._grown(login, f"{symbols} symbols", symbols, first)
            first = first or found

    def _grown(self, login: database.Login, what: str, symbols: int, first: Grown | None) -> Grown:
        """Measure a rate and a delay on what is stored, and say how they are to the first ones."""
        name = what.replace(" ", "-")
        self._fill(symbols)
        rate = drain_rate.rate_into(self.servers, login, self.options.bars, f"rate-{name}")
        stored_bars.forget(login)
        self.servers.remake_topic(topics.BARS.name)
        found = delay.measure(
            self.servers, login, f"delay-{name}", 500.0, self.options.seconds, symbols
        )
        stored_bars.forget(login)
        ratios, target = ["", ""], ""
        if first is not None:
            target = "within 20 %"
            ratios = [
                f"{rate / first.rate:.2f} of the first",
                f"p50 {found.p50_seconds / first.delay.p50_seconds:.2f}, "
                f"p99 {found.p99_seconds / first.delay.p99_seconds:.2f} of the first",
            ]
        self.add(Line(f"job, drain, {what}", rate_text(rate), ratios[0], target))
        self.add(Line(f"delay at 500 bars/s, {what}", delay_text(found), ratios[1], target))
        return Grown(rate, found)

    def producer(self) -> None:
        """Measure a producer that gets recorded answers."""
        self.servers.remake_topic(topics.BARS.name)
        count, checkout = self.options.fetched, self.options.producer
        with fetch_rate.vendor(self.servers) as url:
            for parallel in (1, 8):
                found = fetch_rate.measure(self.servers, url, count, parallel, checkout)
                self.add(Line(f"producer, {count} symbols, {parallel} at a time", str(found)))

    def imports(self) -> None:
        """Measure the import of files of each form beside plain COPY and what people do."""
        for line in import_steps.measure(self.servers, self.options.imported, self.options.large):
            self.add(line)

    def alerts(self) -> None:
        """Measure the delay from commit to webhook, and what rules cost the sink's writer."""
        what = self.options
        load = Load(what.rules, what.watched, 500.0, what.seconds)
        for line in alert_delay.measure(self.servers, load, what.bars):
            self.add(line)

    def startup(self) -> None:
        """Measure how soon a second demo has its first row, and what an idle pipeline holds."""
        startup_time.run(self.servers, "first", 1)  # what only a first run does
        second = startup_time.run(self.servers, "second", 1)
        figure = f"{second.first_row_seconds:.1f} s"
        self.add(Line("scripts/demo again, to the first row", figure, "", "≤ 20 s"))
        quiet = startup_time.run(self.servers, "quiet", self.options.seconds, "--speed", "0.01")
        used = memory_text(quiet.memory_bytes)
        self.add(Line("memory of the whole pipeline, idle", used, "", "≤ 2048 MiB"))

    def dashboard(self) -> None:
        """Measure the delay from commit to viewers, and what they cost the sink's writer."""
        count = self.options.viewers
        found = viewer_delay.measure(self.servers, count, self.options.seconds)
        figure = (
            f"p50 {found.p50_seconds:.3f} s, p99 {found.p99_seconds:.3f} s, longest "
            f"{found.longest_seconds:.3f} s, {found.arrivals:,} of {found.expected:,} arrived"
        )
        self.add(Line(f"commit to {count} viewers", figure, "", "within 1 s"))
        self.add(Line("memory of the dashboard", f"{found.memory_bytes / 1024**2:.0f} MiB"))
        rates = [
            viewer_delay.writer_rate(self.servers, self.options.bars, number)
            for number in (0, count, count, 0)
        ]
        alone, beside = (rates[0] + rates[3]) / 2, (rates[1] + rates[2]) / 2
        ratio = f"{beside / alone:.2f} of that without them"
        self.add(Line(f"writer, new bars, {count} viewers", rate_text(beside), ratio, "≥ 0.90"))

    def views(self) -> None:
        """Measure each view for one symbol and one session."""
        for found in view_queries.measure(self.servers, self.options.viewed):
            figure = f"{1000 * found.seconds:.1f} ms, {found.rows} rows"
            cpu = f"{1000 * found.cpu_seconds:.1f} ms of CPU"
            self.add(Line(f"bi.{found.view}", figure, cpu, "≤ 50 ms"))

    def export(self) -> None:
        """Measure how fast bars come out of the data API, beside its own pages and plain COPY."""
        found = export_rate.measure(self.servers, self.options.exported)
        plain = found[export_rate.PLAIN_COPY].rate
        for name, one in found.items():
            ratios = [f"{one.rate / plain:.2f} of {export_rate.PLAIN_COPY}"]
            if name in export_rate.WHOLE:
                ratios += [
                    f"{one.rate / found[page].rate:.1f} of {page}" for page in export_rate.PAGES
                ]
            memory = f"dashboard ≤ {one.peak_bytes / 1024**2:.0f} MiB"
            self.add(Line(name, f"{rate_text(one.rate)}, {memory}", ", ".join(ratios)))

    def _fresh(self, name: str) -> database.Login:
        self.servers.remake_topic(topics.BARS.name)
        return self.servers.make_database(name)

    def _fill(self, symbols: int = SYMBOLS) -> None:
        self.servers.remake_topic(topics.BARS.name)
        self.servers.fill(topics.BARS.name, samples(self.options.bars, symbols=symbols))
