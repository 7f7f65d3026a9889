"""Breaks a running pipeline at random, episode after episode, and counts what that cost."""

from __future__ import annotations

import argparse
import json
import logging
import random
import secrets
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from scripts.chaos_testing.alerting.alert_watch import AlertWatch, Exported
from scripts.chaos_testing.cluster import Cluster
from scripts.chaos_testing.episode import Episode, Report
from scripts.chaos_testing.faults.episode_plan import Fault, draw, each, each_on_a_market
from scripts.chaos_testing.faults.small_disks import enter_own_mounts
from scripts.chaos_testing.imports.importer import Importer
from scripts.chaos_testing.imports.importer import draw as draw_kills
from scripts.chaos_testing.market import MarketRun, open_market
from scripts.chaos_testing.options import parse
from scripts.launcher.errors import SetupError
from scripts.launcher.progress import say
from scripts.local_stack import pipeline
from scripts.local_stack.data_directory import data_directory
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.passwords import EXPORTER


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    if options.market:
        enter_own_mounts()
    try:
        with data_directory(options.data_dir) as directory:
            alerts: list[str] = []
            reports = (
                _run_market(directory, options, alerts)
                if options.market
                else _run(directory, options, alerts)
            )
            _write(options.json, reports)
            findings = [line for report in reports for line in report.findings.lines()]
            findings += [f"alerts: {line}" for line in alerts]
            if findings:
                raise SetupError("\n".join(["what was found:", *findings]))
    except SetupError as error:
        say(f"scripts/chaos: {error}")
        return 1
    except KeyboardInterrupt:
        say("scripts/chaos: interrupted")
        return 130
    say(_summary(reports))
    return 0


def _run(directory: Path, options: argparse.Namespace, findings: list[str]) -> list[Report]:
    """Run the episodes, and beside them an import that is killed so many times."""
    reports: list[Report] = []
    plan, kills = _plan(options), options.imports
    with _running(Cluster(directory)) as cluster, _watching(cluster, options, findings) as alerts:
        importer = Importer(cluster, draw_kills(plan[0][0], kills))
        cluster.beside = importer.tend
        for number, (seed, faults) in enumerate(plan):
            reports.append(Episode(cluster, number, seed, faults, alerts).run())
            say(str(reports[-1]))
        if kills:
            reports.append(importer.report(len(plan), plan[0][0]))
            say(str(reports[-1]))
    return reports


def _run_market(directory: Path, options: argparse.Namespace, findings: list[str]) -> list[Report]:
    away_seconds, pause_seconds = (600.0, 60.0) if options.long else (12.0, 6.0)
    faults = [
        fault for fault in each_on_a_market(away_seconds, pause_seconds) if _wanted(fault, options)
    ]
    if options.quiet_minutes is not None:
        faults = [Fault("nothing", "", 0.0, 60 * options.quiet_minutes, 0)]
    cluster = Cluster(directory, open_market())
    with _running(cluster), _watching(cluster, options, findings) as alerts:
        report = MarketRun(cluster, faults, alerts).run()
    say(str(report))
    return [report]


def _wanted(fault: Fault, options: argparse.Namespace) -> bool:
    return not options.only or fault.name in options.only


@contextmanager
def _watching(
    cluster: Cluster, options: argparse.Namespace, findings: list[str]
) -> Iterator[AlertWatch | None]:
    """Let alerts be heard, if that is asked for; what is wrong with them goes into `findings`."""
    if not options.alerts:
        yield None
        return
    run = cluster.run
    exported = Exported(run.addresses.postgres, pipeline.DATABASE, run.passwords[EXPORTER])
    watch = AlertWatch(
        cluster.directory / "alerts", cluster.metrics(), exported, options.alerts_within
    )
    try:
        watch.start()
        yield watch
    finally:
        watch.stop()
        findings += watch.findings


@contextmanager
def _running(cluster: Cluster) -> Iterator[Cluster]:
    processes.adopt_orphans()
    with cluster.proxy:
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
            processes.end_orphans()


def _plan(options: argparse.Namespace) -> list[tuple[int, Sequence[Fault]]]:
    """Return the seed and the faults of each episode."""
    if options.each:
        away_seconds, pause_seconds = (600.0, 60.0) if options.long else (8.0, 6.0)
        episodes = each(away_seconds, pause_seconds)
        return list(enumerate(one for one in episodes if _wanted(one[0], options)))
    seeds = [options.episode_seed] if options.episode_seed is not None else _seeds(options)
    return [(seed, draw(seed, 60.0 if options.long else 5.0)) for seed in seeds]


def _seeds(options: argparse.Namespace) -> list[int]:
    seed = options.seed if options.seed is not None else secrets.randbelow(10**6)
    say(f"{options.episodes} episodes of seed {seed}; --seed {seed} repeats them")
    dice = random.Random(seed)  # noqa: S311 - a schedule, no secret
    return [dice.randrange(10**9) for _ in range(options.episodes)]


def _summary(reports: Sequence[Report]) -> str:
    counts = {
        kind: sum(report.findings.counts()[kind] for report in reports)
        for kind in reports[0].findings.counts()
    }
    recoveries = sorted(report.recovery_seconds for report in reports)
    found = ", ".join(f"{kind} {number}" for kind, number in counts.items())
    return (
        f"{len(reports)} episodes, {sum(report.sent for report in reports)} records sent, "
        f"{sum(report.deaths for report in reports)} deaths: {found}; drained within "
        f"{recoveries[len(recoveries) // 2]:.1f} s (median), {recoveries[-1]:.1f} s (longest)"
    )


def _write(file: Path | None, reports: Sequence[Report]) -> None:
    if file is not None:
        file.write_text(
            json.dumps([asdict(report) for report in reports], indent=2) + "\n", "utf-8"
        )


if __name__ == "__main__":
    sys.exit(main())
