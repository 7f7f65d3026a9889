"""Measures the pipeline beside plain COPY and beside its peers, all in one run."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from scripts.benchmark import machine
from scripts.benchmark.report import table
from scripts.benchmark.servers import running
from scripts.benchmark.steps import STEPS, USUAL, Bench
from scripts.embedded import processes
from scripts.embedded.data_directory import data_directory
from scripts.embedded.errors import EmbeddedError
from scripts.embedded.progress import say


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    logging.getLogger("migrate").setLevel(logging.WARNING)
    try:
        with data_directory(None) as directory, running(directory) as servers:
            about = machine.describe(servers)
            bench = Bench(servers, options)
            for name in options.what or USUAL:
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
        help=f"{', '.join(STEPS)} (default: {', '.join(USUAL)})",
    )
    for name, default, text in (
        ("bars", 1_000_000, "bars for copy, writer and drain"),
        ("fetched", 1000, "symbols for the producer"),
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
        ("stored", "0,1e6,10e6,50e6", "bars stored before, for growth"),
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
