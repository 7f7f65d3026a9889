"""`--scale spark-worker=3` spreads the work."""

from __future__ import annotations

import json
from typing import Any

from tests.compose.stack import Stack
from tests.compose.test_d_faults import recovers
from tests.fixtures.live import wait_for


def master(stack: Stack) -> dict[str, Any]:
    """Return what Spark's master says of itself."""
    page = "http://127.0.0.1:8080/json/"
    asking = f"import urllib.request as r; print(r.urlopen('{page}').read().decode())"
    said: dict[str, Any] = json.loads(
        stack.compose("exec", "-T", "spark-master", "python", "-c", asking)
    )
    return said


def busy_workers(stack: Stack) -> int:
    """Return how many living workers have given cores to the job."""
    workers = master(stack)["workers"]
    return sum(one["state"] == "ALIVE" and one["coresused"] > 0 for one in workers)


def test_three_workers_share_the_work(stack: Stack) -> None:
    stack.typed("docker compose up -d --scale")
    wait_for(lambda: busy_workers(stack) == 3, f"three workers: {master(stack)}", 120)
    recovers(stack)
