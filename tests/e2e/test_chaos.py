"""Twenty episodes of random faults, of a seed that the output names: nothing may be lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EPISODES = 20


@pytest.mark.timeout(2400)
def test_random_faults_lose_double_falsify_and_age_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)  # PostgreSQL runs as another user where the tests run as root
    data = tmp_path / "data"
    command = [sys.executable, "-P", "-m", "scripts.jepsen.main", "--data-dir", str(data)]
    run = subprocess.run(
        [*command, "--episodes", str(EPISODES)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    print(run.stderr)  # noqa: T201 - the seeds, for whoever must repeat them
    assert run.returncode == 0, run.stderr
    assert run.stderr.count("\nepisode ") == EPISODES
    assert "lost 0, duplicated 0, wrong 0, stale 0" in run.stderr
