"""Kill, pause, cut off and restart under load: nothing is lost, nothing doubled."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from tests.compose.stack import LONG_RUNNING, Stack
from tests.fixtures.live import wait_for

PAUSE_SECONDS = 60
CUT_SECONDS = 120
NEW_ROW_SECONDS = 30
RECOVERY_SECONDS = 240


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


def writes_since(stack: Stack, moment: datetime) -> bool:
    return stack.newest_write() > moment


@pytest.mark.parametrize("service", LONG_RUNNING)
def test_a_killed_service_comes_back(stack: Stack, service: str) -> None:
    began = now(stack)
    wait_for(lambda: writes_since(stack, began), "a row before the kill", 60)
    stack.compose("kill", "--signal", "KILL", service)
    # Docker takes a kill by hand for the owner's wish and restarts nothing by itself.
    stack.compose("up", "--detach")
    recovers(stack)


@pytest.mark.parametrize("service", ["kafka", "postgres", "stream"])
def test_a_paused_service_goes_on(stack: Stack, service: str) -> None:
    container = stack.container(service)
    stack.docker("pause", container)
    time.sleep(PAUSE_SECONDS)  # the length of the pause is the point
    stack.docker("unpause", container)
    recovers(stack)


@pytest.mark.parametrize(("service", "network"), [("postgres", "database"), ("kafka", "ingest")])
def test_a_service_that_was_cut_off_is_found_again(
    stack: Stack, service: str, network: str
) -> None:
    container, name = stack.container(service), f"{stack.project}_{network}"
    stack.docker("network", "disconnect", "--force", name, container)
    time.sleep(CUT_SECONDS)  # the length of the cut is the point
    stack.docker("network", "connect", "--alias", service, name, container)
    recovers(stack)


def test_all_comes_back_after_a_restart_of_the_engine(stack: Stack) -> None:
    if not stack.engine.is_ours:
        pytest.skip("the engine is the machine's own and may serve others")
    before = now(stack)
    stack.engine.restart()
    recovers(stack)
    assert now(stack) - before < timedelta(seconds=RECOVERY_SECONDS + NEW_ROW_SECONDS + 60)
