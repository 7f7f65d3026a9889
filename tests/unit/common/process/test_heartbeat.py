"""The heartbeat and the health check that containers call."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from services.common.process.heartbeat import Heartbeat

_CHECK = Path(__file__).parents[4] / "services" / "common" / "process" / "heartbeat_healthcheck.sh"


def test_a_beat_makes_the_file_and_its_folder_and_starts_the_age_anew(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "heartbeat"
    heartbeat = Heartbeat(file)

    heartbeat.beat()
    os.utime(file, (1_000.0, 1_000.0))
    heartbeat.beat()

    assert file.stat().st_mtime > 1_000.0


def check(file: Path, seconds: int) -> tuple[int, str]:
    """Ask as a container does."""
    done = subprocess.run([_CHECK, file, str(seconds)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_the_check_says_that_there_never_was_a_beat(tmp_path: Path) -> None:
    file = tmp_path / "heartbeat"

    assert check(file, 60) == (1, f"unhealthy: {file} was never marked\n")


@pytest.mark.parametrize(
    ("age_seconds", "code", "said"),
    [
        (0, 0, r"healthy: last mark -?\d+ s ago, limit 600 s\n"),
        (86_400, 1, r"unhealthy: last mark 86\d{3} s ago, limit 600 s\n"),
    ],
    ids=["fresh", "old"],
)
def test_the_check_compares_the_age_with_the_limit(
    age_seconds: int, code: int, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "heartbeat"
    file.touch()
    marked = time.time() - age_seconds
    os.utime(file, (marked, marked))

    found, text = check(file, 600)

    assert found == code
    assert re.fullmatch(said, text)
