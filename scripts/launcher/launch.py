"""Sets everything up, then becomes what was asked for: the demo, the tests, the checks.

Standard library only: it starts on the machine's own Python and ends up in .venv's.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

from scripts.benchmarking import options as bench_options
from scripts.chaos_testing import options as chaos_options
from scripts.configuration import options as configuration_options
from scripts.installation import jar_lock
from scripts.installation.chromium import require_chromium
from scripts.installation.setup import (
    install_bench_jars,
    install_node_packages,
    install_test_programs,
    set_up,
)
from scripts.kubernetes_cluster import options as cluster_options
from scripts.launcher import static_checks
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import ROOT, VENV
from scripts.launcher.progress import say
from scripts.local_stack import demo_options
from scripts.local_stack import screenshot as screenshots
from scripts.supply_chain import options as supply_options

SUITES = ("unit", "contract", "integration", "e2e", "engine", "rehearsal", "compose")
APART = ("cluster",)
"""Suites that run only when they are named."""

# What waits leaves the processor to another, but each has servers and a Spark of its own.
_FEW, _MANY = 2, 3
_MANY_NEED_BYTES = 15 * 1024**3
_PARALLEL = ("--dist=loadfile", "--no-loadscope-reorder")
_PYTHON = str(VENV / "bin" / "python")


def demo(arguments: Sequence[str]) -> int:
    """Run the demo."""
    demo_options.parse(arguments)
    begin = time.monotonic()
    set_up(os.environ, to_run_only=True)
    setup_seconds = f"--setup-seconds={time.monotonic() - begin:.3f}"
    _become("-P", "-m", "scripts.local_stack.demo", *arguments, setup_seconds)


def test(arguments: Sequence[str]) -> int:
    """Run the suites that were named, or all."""
    parser = argparse.ArgumentParser(
        prog="scripts/test",
        usage="scripts/test [-h] [SUITE ...] [-- PYTEST_OPTION ...]",
        description="Set everything up, then run the tests, in two processes, or in three "
        "where there are 16 GiB of memory (in one with `-- -n 0`). "
        "With CI=true a skipped test fails. The suite compose starts the whole platform in "
        "containers, the suite rehearsal deploys it to a container that stands in for a VM; they "
        "need a Docker engine, or root on Debian, which gets an engine for the time of the tests, "
        "and are skipped without. The suite engine builds Pulumi once from its Go module. The "
        "suite cluster runs only when it is named: root starts a Kubernetes of two nodes, which is "
        "built once from its Go modules.",
    )
    parser.add_argument(
        "suites",
        nargs="*",
        metavar="SUITE",
        help=f"{', '.join(SUITES)} (default: all these), {', '.join(APART)}",
    )
    own, further = split_at_dashes(arguments)
    suites = parser.parse_args(own).suites or SUITES
    for suite in suites:
        if suite not in (*SUITES, *APART):
            parser.error(f"there is no suite {suite}; choose from {', '.join((*SUITES, *APART))}")
    set_up(os.environ)
    install_test_programs(os.environ)
    if {"integration", "e2e"} & {*suites}:
        require_chromium(os.environ)
    os.chdir(ROOT)
    # What takes longest begins first; the others fill the time that it spends on waiting. The suite
    # rehearsal is a guest of the suite compose, see tests/fixtures/meeting.py.
    chosen = [suite for suite in (*APART, *reversed(SUITES)) if suite in suites]
    folders = [f"tests/{suite}" for suite in chosen]
    # One process for what is apart: all files of such a suite share what it starts.
    number = 0 if {*suites} <= {*APART} else _processes()
    _become("-m", "pytest", f"--numprocesses={number}", *_PARALLEL, *folders, *further)


def _processes() -> int:
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return _MANY if memory_bytes >= _MANY_NEED_BYTES else _FEW


def split_at_dashes(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what stands before the first `--` and what stands after it."""
    words = list(arguments)
    place = words.index("--") if "--" in words else len(words)
    return words[:place], words[place + 1 :]


def check(arguments: Sequence[str]) -> int:
    """Run every check, also after one has failed."""
    argparse.ArgumentParser(
        prog="scripts/check",
        description="Set everything up, then run the static checks: "
        f"{', '.join(static_checks.COMMANDS)}.",
    ).parse_args(arguments)
    set_up(os.environ)
    install_node_packages(os.environ)
    failed = []
    with ThreadPoolExecutor(_FEW) as pool:
        # Each shows what it said in one piece.
        names = static_checks.COMMANDS
        for name, done in zip(names, pool.map(static_checks.run, names), strict=True):
            say(f"--- {name}")
            say(done.stdout.rstrip())
            if done.returncode != 0:
                failed.append(name)
    say(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def bench(arguments: Sequence[str]) -> int:
    """Measure the pipeline beside its peers."""
    if arguments[:1] == ["against"]:
        bench_options.parse_against(arguments[1:])
        set_up(os.environ)
        _become("-P", "-m", "scripts.benchmarking.against", *arguments[1:])
    bench_options.parse(arguments)
    set_up(os.environ)
    install_bench_jars(os.environ)
    _become("-P", "-m", "scripts.benchmarking.main", *arguments)


def chaos(arguments: Sequence[str]) -> int:
    """Break the pipeline at random and count what is lost."""
    chaos_options.parse(arguments)
    set_up(os.environ)
    _become("-P", "-m", "scripts.chaos_testing.main", *arguments)


def cluster(arguments: Sequence[str]) -> int:
    """Start or end a Kubernetes on this machine, or test the chart on one."""
    if cluster_options.parse(arguments).action != "test":
        set_up(os.environ)
        _become("-P", "-m", "scripts.kubernetes_cluster.main", *arguments)
    return test(["cluster"])


def screenshot(arguments: Sequence[str]) -> int:
    """Write a picture of the live page."""
    screenshots.parse(arguments)
    set_up(os.environ)
    require_chromium(os.environ)
    _become("-P", "-m", "scripts.local_stack.screenshot", *arguments)


def lock_jars(arguments: Sequence[str]) -> int:
    """Write the lock file of the jars again."""
    jar_lock.parse(arguments)
    set_up(os.environ, with_jars=False)
    _become("-P", "-m", "scripts.installation.jar_lock", *arguments)


def generate(arguments: Sequence[str]) -> int:
    """Write the files that are made of the declared settings."""
    configuration_options.parse(arguments)
    set_up(os.environ, with_jars=False)
    _become("-P", "-m", "scripts.configuration.main", *arguments)


def sbom(arguments: Sequence[str]) -> int:
    """Write the bills of materials of the lock files."""
    supply_options.parse_sbom(arguments)
    set_up(os.environ)
    _become("-P", "-m", "scripts.supply_chain.sbom", *arguments)


def _become(*arguments: str) -> NoReturn:
    """Go on as the virtual environment's Python, so that signals and exit codes are its own."""
    os.execv(_PYTHON, [_PYTHON, *arguments])  # noqa: S606 - no shell is wanted


COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "demo": demo,
    "test": test,
    "check": check,
    "bench": bench,
    "chaos": chaos,
    "cluster": cluster,
    "generate": generate,
    "lock-jars": lock_jars,
    "sbom": sbom,
    "screenshot": screenshot,
}


def main() -> int:
    """Run the command that the first argument names; return the exit code."""
    name, *arguments = sys.argv[1:]
    try:
        return COMMANDS[name](arguments)
    except SetupError as error:
        say(f"scripts/{name}: {error}")
        return 1
    except KeyboardInterrupt:
        say(f"\nscripts/{name}: interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main())
