"""The producer's start in its container: which market, and never two in one database unsaid."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from scripts.launcher.paths import ROOT

KEEP_BOTH = {"DATA_OF_BOTH_MARKETS": "yes, keep both"}


def start(folder: Path, *, key: bool, ran: str = "", **variables: str) -> tuple[int, str]:
    """Start as the container does, on its folders; return the exit code and what it said.

    Beyond the start itself there is no producer here: a program that does nothing stands for it.
    """
    for name in ("keys", "bin", "state"):
        (folder / name).mkdir()
    python = folder / "bin" / "python"
    python.write_text('#!/bin/sh\necho "state: $PRODUCER_STATE_DIR"\n')
    python.chmod(0o755)
    if key:
        (folder / "keys" / "alpha_vantage_key").write_text("KEY\n")
    if ran:
        (folder / "state" / ran).mkdir()
        (folder / "state" / ran / "producer.sqlite").touch()
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "services" / "producer" / "entrypoint.sh")],
        env={
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "KEYS_DIRECTORY": str(folder / "keys"),
            "STATE_ROOT": str(folder / "state"),
            "CLOCK_FILE": "/dev/null",
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("key", "ran", "because"),
    [
        (True, "simulated", "secrets/alpha_vantage_key is of the real one"),
        (False, "real", "secrets/alpha_vantage_key is not there any more"),
    ],
)
def test_another_market_is_refused_in_one_line_with_both_ways_out(
    tmp_path: Path, key: bool, ran: str, because: str
) -> None:
    code, said = start(tmp_path, key=key, ran=ran)
    assert (code, said.count("\n")) == (2, 1)
    assert said.startswith(f"producer: there are bars of the {ran} market, and {because}: ")
    for way_out in ("fab destroy --with-data", "DATA_OF_BOTH_MARKETS='yes, keep both'"):
        assert way_out in said


@pytest.mark.parametrize(
    ("key", "ran", "words", "market"),
    [
        (True, "", {}, "real"),
        (True, "real", {}, "real"),
        (True, "simulated", KEEP_BOTH, "real"),
        (False, "", {}, "simulated"),
        (False, "simulated", {}, "simulated"),
        (False, "real", KEEP_BOTH, "simulated"),
    ],
)
def test_one_market_or_both_by_words(
    tmp_path: Path, key: bool, ran: str, words: dict[str, str], market: str
) -> None:
    code, said = start(tmp_path, key=key, ran=ran, **words)
    assert code == 0
    assert said.splitlines()[-1] == f"state: {tmp_path}/state/{market}"


def test_other_words_keep_nothing(tmp_path: Path) -> None:
    code, _ = start(tmp_path, key=True, ran="simulated", DATA_OF_BOTH_MARKETS="true")
    assert code == 2
