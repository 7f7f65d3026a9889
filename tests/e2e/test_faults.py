"""One fault after the other, from outside, while bars come in: all recover by themselves, and
nothing is lost, doubled, wrong or stale. Random mixtures of them are in test_chaos.

`TAPELINE_LONG_FAULTS=1` lets the servers stay away for ten minutes, not for seconds.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from scripts.jepsen.cluster import Cluster
from scripts.jepsen.episode import Episode, Report
from scripts.jepsen.nemesis import Fault

LONG = os.environ.get("TAPELINE_LONG_FAULTS") == "1"
AWAY_SECONDS = 600.0 if LONG else 8.0
PAUSE_SECONDS = 60.0 if LONG else 6.0
SERVICES = ("stream", "kafka", "postgres")
NUMBERS = count()
SOUND = {"lost": 0, "duplicated": 0, "wrong": 0, "stale": 0}


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """Mount a file system of this size on a folder."""
    folder.mkdir(parents=True)
    folder.chmod(0o711)
    size = f"size={megabytes}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tapeline", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def started(directory: Path) -> Iterator[Cluster]:
    directory.mkdir(exist_ok=True)
    # PostgreSQL runs as another user where the tests run as root.
    directory.chmod(0o711)
    cluster = Cluster(directory)
    with cluster.proxy:
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with started(tmp_path_factory.mktemp("faults")) as running:
        yield running


def suffer(cluster: Cluster, *faults: Fault) -> Report:
    number = next(NUMBERS)
    report = Episode(cluster, number, number, faults).run()
    assert report.findings.lines() == []
    assert report.findings.counts() == SOUND
    assert 0 < report.acknowledged <= report.sent
    return report


def said(cluster: Cluster, name: str = "stream") -> str:
    return (cluster.run.logs / f"{name}.log").read_text("utf-8")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", SERVICES)
def test_kill_9(cluster: Cluster, service: str) -> None:
    assert suffer(cluster, Fault("kill", service, 1.5, 0, 0)).deaths >= 1


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", SERVICES)
def test_a_request_to_stop(cluster: Cluster, service: str) -> None:
    assert suffer(cluster, Fault("terminate", service, 1.5, 0, 0)).deaths >= 1


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", SERVICES)
def test_a_pause(cluster: Cluster, service: str) -> None:
    assert suffer(cluster, Fault("pause", service, 1.0, PAUSE_SECONDS, 0)).deaths == 0


@pytest.mark.timeout(900)
@pytest.mark.parametrize("service", ["kafka", "postgres"])
def test_a_server_that_stays_away(cluster: Cluster, service: str) -> None:
    suffer(cluster, Fault("stay away", service, 1.0, AWAY_SECONDS, 0))
    if service == "postgres":
        assert "batch waits, nothing is lost" in said(cluster)


@pytest.mark.timeout(300)
def test_the_connection_breaks_while_bars_are_copied(cluster: Cluster) -> None:
    before = cluster.proxy.resets
    suffer(cluster, Fault("reset in COPY", "", 1.0, 0, 15_000))
    assert cluster.proxy.resets == before + 1


@pytest.mark.timeout(300)
def test_the_answer_to_commit_is_lost(cluster: Cluster) -> None:
    before = cluster.proxy.lost_answers
    suffer(cluster, Fault("lose COMMIT", "", 1.0, 0, 0))
    assert cluster.proxy.lost_answers == before + 1


@pytest.mark.timeout(300)
def test_a_connection_that_carries_nothing_and_a_lock_against_the_merge(cluster: Cluster) -> None:
    suffer(cluster, Fault("black hole", "", 0.5, 2.0, 0), Fault("lock", "", 2.0, 3.0, 0))


@pytest.mark.timeout(300)
def test_the_checkpoint_is_lost(cluster: Cluster) -> None:
    suffer(cluster, Fault("lose checkpoint", "", 1.5, 0, 0))
    assert "as the ledger says" in said(cluster)


@pytest.mark.timeout(300)
def test_two_jobs_at_once(cluster: Cluster) -> None:
    suffer(cluster, Fault("second stream", "", 0.5, 20.0, 0))
    assert "another instance is at work on this database" in said(cluster, "second")


@pytest.mark.timeout(300)
def test_a_replay_and_a_new_column_while_bars_come_in(cluster: Cluster) -> None:
    suffer(cluster, Fault("add column", "", 1.0, 0, 1), Fault("replay", "", 1.5, 0, 0))
    assert cluster.children["replay"].process.wait() == 0, said(cluster, "replay")


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system can only be mounted by root")
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("service", "megabytes"), [("postgres", 200), ("kafka", 100)])
def test_a_full_disk(tmp_path: Path, service: str, megabytes: int) -> None:
    tmp_path.chmod(0o711)
    with small_disk(tmp_path / "data" / service, megabytes), started(tmp_path / "data") as running:
        suffer(running)
        suffer(running, Fault("fill disk", service, 0.5, 8.0, 0))
        words = {"postgres": "No space left on device", "kafka": "No space left on device"}
        assert words[service] in said(running, service) + said(running)
