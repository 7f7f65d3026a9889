"""The command line of scripts/bench: arguments in, what to measure and how much of it out.

Standard library only, so that --help answers before anything is installed.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.launcher.paths import ROOT

STEPS: Mapping[str, str] = {
    "copy": "plain COPY alone (B)",
    "writer": "the sink's writer on new, identical and changed bars",
    "drain": "the job and its peers, each draining Kafka",
    "latency": "from sending a bar to seeing it, at 500 and at 5,000 bars a second",
    "producer": "symbols and bars a second of the producer, on recorded answers",
    "derived": "the job with and without the indicators",
    "growth": "drain and delay with more stored and with more symbols",
    "import": "files of history, beside plain COPY and what people do",
    "startup": "the demo's second start, and the idle pipeline's memory",
    "views": "each view of bi, over one symbol and session",
    "export": "bars out of the data API: pages, whole ranges, and COPY by psql",
    "dashboard": "the delay to many viewers, and what they cost the writer",
    "alerts": "from commit to webhook, beside a script that polls; what they cost the writer",
}
"""What can be measured, each by the method of that name of `steps.Bench`; `import` by `imports`."""
USUAL = ("writer", "drain", "latency", "derived", "producer", "startup")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; ends the process with 0 for --help and with 2 for a wrong one."""
    return _parser().parse_args(arguments)


def parse_against(arguments: Sequence[str]) -> argparse.Namespace:
    """Return `revision`, `rounds` and the arguments of each `bench`; ends the process as `parse`
    does."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench against",
        usage="scripts/bench against [-h] [--rounds N] REV [WHAT ...] [OPTION ...]",
        description="Measure this checkout, as it lies here, beside commit REV: each runs its own "
        "scripts/bench by turns, and the ratio of every figure that both have is shown, with its "
        "least and its most. REV is set up once, below .cache/against. WHAT and OPTION are those "
        "of scripts/bench, which both sides must know. The producer alone (WHAT is producer) is "
        "measured by this checkout's bench on both sides, with the same recorded answers.",
    )
    parser.add_argument(
        "revision", metavar="REV", help="a commit, tag or branch of this repository"
    )
    parser.add_argument(
        "--rounds",
        type=int,
        default=3,
        metavar="N",
        help="times that each is measured (default: 3)",
    )
    options, bench = parser.parse_known_args(arguments)
    if options.rounds < 1:
        parser.error(f"argument --rounds: {options.rounds} is no number of rounds")
    if parse(bench).json is not None:
        parser.error("--json is for one bench alone")
    options.bench = bench
    return options


def _counts(text: str) -> list[int]:
    return [int(float(part)) for part in text.split(",")]


_counts.__name__ = "list of numbers"  # what argparse calls a wrong value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure the pipeline beside plain COPY (B) and beside its peers, in one run\n"
        "on servers of its own. Figures of a machine are worth little; their ratios hold.",
        epilog="\n".join(["WHAT:", *(f"  {name:10}  {text}" for name, text in STEPS.items())])
        + "\n\nscripts/bench against REV measures another commit beside this one; see its --help.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what",
        nargs="*",
        metavar="WHAT",
        choices=[*STEPS, []],
        help=f"see below (default: {', '.join(USUAL)})",
    )
    for name, default, text in (
        ("bars", 1_000_000, "bars for copy, writer and drain"),
        ("fetched", 1000, "symbols for the producer"),
        ("viewed", 10_000_000, "bars stored for views"),
        ("exported", 2_000_000, "bars stored for export"),
        ("viewers", 200, "viewers of the dashboard"),
        ("rules", 10_000, "rules of alerts"),
        ("watched", 1_000, "symbols of alerts"),
        ("imported", 1_000_000, "bars in files for import"),
        ("large", 10_000_000, "bars in one file for import, to see its memory"),
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
    parser.add_argument(
        "--producer",
        type=Path,
        default=ROOT,
        metavar="FOLDER",
        help="the checkout, set up, whose producer is measured (default: this one)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table to FILE as well")
    return parser
