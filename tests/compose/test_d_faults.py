"""Kill, pause, cut off and restart under load: nothing is lost, nothing doubled."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from tests.compose.stack import LONG_RUNNING, Stack
from tests.fixtures.live import wait_for

PAUSE_SECONDS = 60
CUT_SECONDS = 120
ALONE_SECONDS = 20
NEW_ROW_SECONDS = 30
RECOVERY_SECONDS = 240
# Those of a group do not need one another to recover.
PAUSED = (
    ("postgres", "spark-master"),
    ("kafka", "spark-worker"),
    ("stream", "simulator", "producer"),
)


def recovers(stack: Stack) -> None:
    """Wait for health, then fail unless a new row comes soon and every record is accounted for."""
    stack.wait_until_healthy(RECOVERY_SECONDS)
    healthy_at = now(stack)
    wait_for(lambda: stack.newest_write() > healthy_at, "a new row", NEW_ROW_SECONDS)
    stack.reconcile()


def now(stack: Stack) -> datetime:
    """Return the database's own time, with which its rows are marked."""
    [(present,)] = stack.rows("select clock_timestamp()")
    assert isinstance(present, datetime)
    return present


def is_under_load(stack: Stack) -> None:
    """Fail unless rows are being written at this moment."""
    began = now(stack)
    wait_for(lambda: stack.newest_write() > began, "a row before the fault", 60)


@pytest.mark.parametrize("service", LONG_RUNNING)
def test_a_killed_service_comes_back(stack: Stack, service: str) -> None:
    is_under_load(stack)
    stack.docker("kill", "--signal", "KILL", stack.container(service))
    # Docker takes a kill by hand for the owner's wish and restarts nothing by itself.
    stack.compose("up", "--detach")
    recovers(stack)


def test_what_dies_by_itself_comes_back_by_itself(stack: Stack) -> None:
    is_under_load(stack)
    for service in LONG_RUNNING:
        # The service is the only child of the container's first process, which ends with it.
        stack.docker(
            "exec", stack.container(service), "sh", "-c", "kill -9 $(cat /proc/1/task/1/children)"
        )
    recovers(stack)


@pytest.mark.parametrize("services", PAUSED, ids=" and ".join)
def test_a_paused_service_goes_on(stack: Stack, services: Sequence[str]) -> None:
    is_under_load(stack)
    containers = [stack.container(service) for service in services]
    stack.docker("pause", *containers)
    time.sleep(PAUSE_SECONDS)  # the length of the pause is the point
    stack.docker("unpause", *containers)
    recovers(stack)


def test_services_that_were_cut_off_are_found_again(stack: Stack) -> None:
    """PostgreSQL is away for two minutes, and Kafka too, a little later."""
    is_under_load(stack)
    postgres, kafka = stack.container("postgres"), stack.container("kafka")
    database, ingest = f"{stack.project}_database", f"{stack.project}_ingest"

    stack.docker("network", "disconnect", "--force", database, postgres)
    postgres_away_at = now(stack)  # the published port is on a network of its own
    time.sleep(ALONE_SECONDS)
    stack.docker("network", "disconnect", "--force", ingest, kafka)
    kafka_away_at = now(stack)
    time.sleep(CUT_SECONDS - ALONE_SECONDS)  # the length of the cut is the point
    assert stack.newest_write() < postgres_away_at + timedelta(seconds=1)
    stack.docker("network", "connect", "--alias", "postgres", database, postgres)
    time.sleep(ALONE_SECONDS)
    stack.docker("network", "connect", "--alias", "kafka", ingest, kafka)

    recovers(stack)
    assert "batch waits, nothing is lost" in logs_since(stack, "stream", postgres_away_at)
    assert "Kafka at kafka:9092" in logs_since(stack, "producer", kafka_away_at)


def logs_since(stack: Stack, service: str, moment: datetime) -> str:
    return stack.compose("logs", "--no-log-prefix", "--since", moment.isoformat(), service)


def test_all_comes_back_after_a_restart_of_the_engine(stack: Stack) -> None:
    if not stack.engine.is_ours:
        pytest.skip("the engine is the machine's own and may serve others")
    before = now(stack)
    stack.engine.restart()
    recovers(stack)
    assert now(stack) - before < timedelta(seconds=RECOVERY_SECONDS + NEW_ROW_SECONDS + 60)
