"""Measures the pipeline beside plain COPY and beside its peers, all in one run."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict

from scripts.benchmarking import machine
from scripts.benchmarking.options import USUAL, parse
from scripts.benchmarking.report import table
from scripts.benchmarking.servers import running
from scripts.benchmarking.steps import Bench
from scripts.launcher.errors import SetupError
from scripts.launcher.progress import say
from scripts.local_stack.data_directory import data_directory
from scripts.local_stack.servers import processes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    options = parse(arguments)
    logging.getLogger("migrate").setLevel(logging.WARNING)
    try:
        with data_directory(None) as directory, running(directory) as servers:
            about = machine.describe(servers)
            bench = Bench(servers, options)
            for name in options.what or USUAL:
                say(f"{name}:")
                getattr(bench, {"import": "imports"}.get(name, name))()
    except SetupError as error:
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


if __name__ == "__main__":
    processes.adopt_orphans()
    try:
        code = main()
    finally:
        processes.end_orphans()
    sys.exit(code)
