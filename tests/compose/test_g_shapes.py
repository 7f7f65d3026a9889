"""The same file with more workers, and on a small machine without any."""

from __future__ import annotations

import json
from typing import Any

import requests

from tests.compose.stack import Stack
from tests.compose.test_d_faults import recovers
from tests.fixtures.live import wait_for

# What the README gives for 4 GiB.
SMALL = {
    "SPARK_MASTER": "local[*]",
    "KAFKA_MEMORY": "640m",
    "SIMULATOR_MEMORY": "256m",
    "POSTGRES_MEMORY": "512m",
}
STANDING_BY = {"spark-master", "spark-worker"}


def master(stack: Stack) -> dict[str, Any]:
    """Return what Spark's master says of itself."""
    asked = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8080/json/').read().decode())"
    said: dict[str, Any] = json.loads(
        stack.compose("exec", "-T", "spark-master", "python", "-c", asked)
    )
    return said


def busy_workers(stack: Stack) -> int:
    """Return how many living workers have given cores to the job."""
    workers = master(stack)["workers"]
    return sum(one["state"] == "ALIVE" and one["coresused"] > 0 for one in workers)


def test_three_workers_share_the_work(stack: Stack) -> None:
    stack.compose("up", "--detach", "--scale", "spark-worker=3")
    wait_for(lambda: busy_workers(stack) == 3, f"three workers: {master(stack)}", 120)
    recovers(stack)


def test_a_small_machine_goes_on_where_a_large_one_stopped(stack: Stack) -> None:
    count = "select count(*) from events_stream"
    [(before,)] = stack.rows(count)
    stack.compose("down")

    stack.variables |= SMALL | {"SPARK_UI": "true"}
    stack.compose("--profile", "spark-pages", "up", "--detach", "--build")
    recovers(stack)

    [(after,)] = stack.rows(count)
    assert after >= before
    assert "reading market.bars from the checkpoint" in stack.compose("logs", "stream")
    limits = {
        one["Config"]["Labels"]["com.docker.compose.service"]: one["HostConfig"]["Memory"]
        for one in stack.containers().values()
        if one["State"]["Running"]
    }
    for service in STANDING_BY:
        del limits[service]
        assert "standing by" in stack.compose("logs", service)
    assert sum(limits.values()) < 3.5 * 1024**3


def test_the_drivers_page_is_shown_when_asked_for(stack: Stack) -> None:
    page = f"http://{stack.variables['SPARK_DRIVER_PUBLISHED']}/jobs/"
    login = ("tapeline", stack.secret("spark_pages_password"))
    assert requests.get(page, timeout=20).status_code == 401
    shown = requests.get(page, auth=login, timeout=20)
    assert (shown.status_code, "tapeline stream" in shown.text) == (200, True)
