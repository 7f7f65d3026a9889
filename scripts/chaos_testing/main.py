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
from scripts.local_stack.data_directory import data_directory
from scripts.local_stack.servers import processes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    if options.market:
        enter_own_mounts()
    try:
        with data_directory(options.data_dir) as directory:
            reports = (
                _run_market(directory, options.long)
                if options.market
                else _run(directory, _plan(options), options.imports)
            )
            _write(options.json, reports)
            findings = [line for report in reports for line in report.findings.lines()]
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


def _run(directory: Path, plan: Sequence[tuple[int, Sequence[Fault]]], kills: int) -> list[Report]:
    """Run the episodes, and beside them an import that is killed so many times."""
    reports: list[Report] = []
    with _running(Cluster(directory)) as cluster:
        importer = Importer(cluster, draw_kills(plan[0][0], kills))
        cluster.beside = importer.tend
        for number, (seed, faults) in enumerate(plan):
            reports.append(Episode(cluster, number, seed, faults).run())
            say(str(reports[-1]))
        if kills:
            reports.append(importer.report(len(plan), plan[0][0]))
            say(str(reports[-1]))
    return reports


def _run_market(directory: Path, long: bool) -> list[Report]:
    away_seconds, pause_seconds = (600.0, 60.0) if long else (12.0, 6.0)
    with _running(Cluster(directory, open_market())) as cluster:
        report = MarketRun(cluster, each_on_a_market(away_seconds, pause_seconds)).run()
    say(str(report))
    return [report]


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
        return list(enumerate(each(away_seconds, pause_seconds)))
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
