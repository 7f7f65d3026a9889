"""Kill, pause, cut off and restart under load: nothing is lost, nothing duplicated."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta

import pytest

from tests.compose.local_run import LocalRun
from tests.compose.stack import LONG_RUNNING, Stack
from tests.fixtures.live import wait_for

PAUSE_SECONDS = 60
CUT_SECONDS = 120
ALONE_SECONDS = 10
NEW_ROW_SECONDS = 30
RECOVERY_SECONDS = 240
# Those of a group do not need one another to recover.
SERVERS = ("kafka", "postgres", "simulator", "spark-master")
CLIENTS = ("producer", "stream", "spark-worker")


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
    container = stack.container(service)
    stack.docker("kill", "--signal", "KILL", container)
    # Docker takes a kill by hand for the owner's wish and restarts nothing by itself.
    stack.docker("start", container)
    recovers(stack)


def test_what_dies_by_itself_comes_back_by_itself(stack: Stack) -> None:
    is_under_load(stack)
    before = starts(stack)
    # The service is the only child of the container's first process, which ends with it.
    death = ("sh", "-c", "kill -9 $(cat /proc/1/task/1/children)")
    for service in LONG_RUNNING:
        stack.docker("exec", "--detach", stack.container(service), *death)
    wait_for(lambda: not starts(stack) & before, f"new starts: {stack.health()}", 60)
    recovers(stack)


def starts(stack: Stack) -> set[tuple[str, str]]:
    """Return each running service with the time at which it was started."""
    return {
        (one["Config"]["Labels"]["com.docker.compose.service"], one["State"]["StartedAt"])
        for one in stack.containers().values()
        if one["State"]["Running"]
    }


@pytest.mark.parametrize("services", [SERVERS, CLIENTS], ids=" and ".join)
def test_paused_services_go_on(stack: Stack, services: Sequence[str]) -> None:
    is_under_load(stack)
    containers = [stack.container(service) for service in services]
    stack.docker("pause", *containers)
    time.sleep(PAUSE_SECONDS)  # the length of the pause is the point
    stack.docker("unpause", *containers)
    recovers(stack)


def test_services_that_were_cut_off_are_found_again(
    stack: Stack, local_run: LocalRun, image_leaks: Future[list[str]]
) -> None:
    """PostgreSQL is away for two minutes, and Kafka too, a little later.

    Both other things begin here, where there is little else to do; later tests need them.
    """
    assert local_run
    assert image_leaks
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
