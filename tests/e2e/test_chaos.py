"""Faults from outside while bars come in: each one once, those around a real producer, then
twenty episodes of random ones. Nothing may be lost, duplicated, wrong or stale. Two last until
their alert is told.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.documents import ROOT, commands


def chaos(directory: Path, option: str) -> str:
    """Run the documented command with that option to its end; return what it said."""
    directory.chmod(0o711)  # PostgreSQL runs as another user where the tests run as root
    [line] = [one for one in commands("chaos") if one.split()[1] == option]
    run = subprocess.run(
        [*shlex.split(line), "--data-dir", str(directory / "data")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    print(run.stderr)  # noqa: T201 - the seeds, for whoever must repeat them
    assert run.returncode == 0, run.stderr
    assert "lost 0, duplicated 0, wrong 0, stale 0" in run.stderr
    return run.stderr


@pytest.mark.timeout(2400)
def test_each_fault_alone(tmp_path: Path) -> None:
    said = chaos(tmp_path, "--each")

    episodes = [line for line in said.splitlines() if line.startswith("episode ")]
    assert [line.partition(": ")[2].partition(" @")[0] for line in episodes] == [
        *(f"kill {name}" for name in ("stream", "kafka", "postgres")),
        *(f"terminate {name}" for name in ("stream", "kafka", "postgres")),
        *(f"pause {name}" for name in ("stream", "kafka", "postgres")),
        *("reset in COPY", "lose COMMIT", "black hole", "lock", "replay", "lose checkpoint"),
        *("second stream refused", "stay away kafka", "stay away postgres", "add column"),
        "kill in merge",
    ]
    logs = tmp_path / "data" / "logs"
    stream, second = ((logs / f"{name}.log").read_text("utf-8") for name in ("stream", "second"))
    assert "batch waits, nothing is lost" in stream
    assert "as the ledger says" in stream
    assert "another instance is at work on this database" in second


@pytest.mark.timeout(900)
def test_a_market_with_its_real_producer(tmp_path: Path) -> None:
    said = chaos(tmp_path, "--market")

    assert "\n1 episodes, " in said
    logs = tmp_path / "data" / "logs"
    kafka, postgres, producer, stream = (
        (logs / f"{name}.log").read_text("utf-8")
        for name in ("kafka", "postgres", "producer", "stream")
    )
    assert re.search("batch waits, nothing is lost: .*No space left on device", stream)
    assert "Traceback" not in stream
    assert re.search("FATAL: .*pg_wal/.*No space left on device", postgres)
    assert "No space left on device" in kafka
    assert "bars wait and nothing is lost" in producer
    assert "takes bars again" in producer


@pytest.mark.timeout(1800)
def test_faults_raise_their_alerts_which_go_by_themselves(tmp_path: Path) -> None:
    said = chaos(tmp_path, "--alerts")

    told = re.findall(
        r"^alert: (.+): (\w+) told after \d+ s, over \d+ s after the end$", said, re.M
    )
    assert told == [("pause stream", "TargetGone"), ("stay away postgres", "DatabaseAway")]


@pytest.mark.timeout(2400)
def test_random_faults(tmp_path: Path) -> None:
    said = chaos(tmp_path, "--seed")

    assert said.count("\nepisode ") == 21
    # The import beside them is the last one.
    assert re.search(r"\nepisode  20 seed \d+: import: kill ", said)
