"""scripts/bench against REV: measures this checkout and another commit by turns.

Each round runs scripts/bench once on either side (for the producer alone this checkout's bench,
which serves both the same answers), and begins with the side that was second in the round before,
so that a machine that drifts favours none.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.benchmarking.options import parse, parse_against
from scripts.benchmarking.side_by_side import Result, comparison, ratios, result, unmatched
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import CACHE, ROOT
from scripts.launcher.progress import say


def checkout(root: Path, revision: str, cache: Path) -> Path:
    """Return a checkout of a commit of the repository at `root`, made once in the cache.

    Raises SetupError.
    """
    wanted = f"{revision}^{{commit}}"
    commit = _git(root, f"{revision!r} is no commit here", "rev-parse", "--verify", "-q", wanted)
    folder = cache / "against" / commit
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as half:
            clone = Path(half) / "clone"
            why = f"{revision} cannot be checked out"
            _git(root, why, "clone", "-q", "--shared", "--no-checkout", str(root), str(clone))
            _git(clone, why, "checkout", "-q", "--detach", commit)
            clone.rename(folder)
    return folder


def measured(folder: Path, arguments: Sequence[str]) -> Result:
    """Run a checkout's own bench; return what it says. Raises SetupError."""
    with tempfile.TemporaryDirectory() as where:
        file = Path(where) / "bench.json"
        _run_in(folder, [str(folder / "scripts" / "bench"), *arguments, "--json", str(file)])
        return result(json.loads(file.read_text(encoding="utf-8"))["lines"])


def install(folder: Path) -> None:
    """Install what a checkout needs, as it does itself. Raises SetupError."""
    _run_in(folder, [str(folder / "scripts" / "setup")])


def run(options: argparse.Namespace, root: Path = ROOT, cache: Path = CACHE) -> str:
    """Return the comparison as Markdown. Raises SetupError."""
    there = checkout(root, options.revision, cache)
    if parse(options.bench).what == ["producer"]:
        install(there)
    rounds = []
    for number in range(options.rounds):
        sides = [root, there] if number % 2 == 0 else [there, root]
        found = {}
        for side in sides:
            name = "this checkout" if side == root else options.revision
            say(f"round {number + 1} of {options.rounds}: {name}")
            if parse(options.bench).what == ["producer"]:
                found[side] = measured(root, [*options.bench, "--producer", str(side)])
            else:
                found[side] = measured(side, options.bench)
        rounds.append((found[root], found[there]))
    text = comparison(ratios(rounds))
    alone = unmatched(rounds)
    return f"{text}\n\nOn one side alone: {', '.join(alone)}." if alone else text


def main(arguments: Sequence[str]) -> int:
    """Run from the command line; return the exit code."""
    try:
        print(run(parse_against(arguments)))
    except SetupError as error:
        say(f"scripts/bench: {error}")
        return 1
    except KeyboardInterrupt:
        say("scripts/bench: interrupted")
        return 130
    return 0


def _run_in(folder: Path, command: Sequence[str]) -> None:
    # Its own environment: nothing of this one's may reach the other commit's set-up.
    clean = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(command, cwd=folder, env=clean, check=False, stdout=sys.stderr)
    if done.returncode != 0:
        raise SetupError(f"{command[0]} ended with {done.returncode}; see above")


def _git(folder: Path, why: str, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["git has no such commit"])[-1]
        raise SetupError(f"{why}: {said}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
