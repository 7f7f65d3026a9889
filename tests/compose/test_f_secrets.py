"""Stopped, and started again for a small machine and with a key: nothing is lost, and no secret is
in logs, inspect, images, environments or metrics, neither given nor generated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass

import pytest
import requests

from tests.compose.stack import LONG_RUNNING, Stack
from tests.fixtures.image_leaks import GENERATED, leaks
from tests.fixtures.live import wait_for

# What docs/containers.md gives for 4 GiB.
SMALL = {
    "SPARK_MASTER": "local[*]",
    "KAFKA_MEMORY": "640m",
    "SIMULATOR_MEMORY": "256m",
    "POSTGRES_MEMORY": "512m",
    "DASHBOARD_MEMORY": "256m",
}
STANDING_BY = ("spark-master", "spark-worker", "simulator")
REAL = {
    "ALPHA_VANTAGE_URL": "http://127.0.0.1:8000/query",
    "ALPHA_VANTAGE_PLAN": "1200",
    "LOG_LEVEL": "DEBUG",
    "SPARK_UI": "true",
}
BARS = "select count(*) from events_stream"


@dataclass(frozen=True)
class Restarted:
    """What was before, and all the secrets by their names."""

    bars_before: int
    logs_before: str
    secrets: dict[str, str]


@pytest.fixture(scope="module")
def restarted(stack: Stack, canary: str) -> Iterator[Restarted]:
    """Stop the stack, plant a key, and start it on a vendor of our own with all that is small."""
    known = {name: stack.secret(name) for name in GENERATED} | {"key": canary}
    [(bars,)] = stack.rows(BARS)
    before = Restarted(bars, stack.compose("logs", "--no-color"), known)
    stack.typed("docker compose down")
    key_file = stack.directory / "keys" / "alpha_vantage_key"
    key_file.write_text(canary + "\n", encoding="utf-8")
    stack.variables |= SMALL | REAL
    with pytest.raises(AssertionError, match="producer: there are bars of the simulated market, "):
        stack.compose("run", "--rm", "--no-deps", "--no-TTY", "producer")
    stack.variables["DATA_OF_BOTH_MARKETS"] = "yes, keep both"
    stack.compose("--profile", "spark-pages", "up", "--detach")
    vendor = start_vendor(stack)
    try:
        stack.wait_until_healthy(240)
        asked = f"{BARS} where source = 'alphavantage'"
        wait_for(lambda: stack.rows(asked) != [(0,)], "a bar fetched with the key", 120)
        yield before
    finally:
        stack.docker("rm", "--force", vendor)


def start_vendor(stack: Stack) -> str:
    """Start a market that asks for a key, beside the producer; return its container.

    A key of one's own travels by plain http within one machine alone: it is the producer's.
    """
    image = f"{stack.variables['TAPELINE_IMAGES']}/simulator:0.1.0"
    return stack.docker(
        *("run", "--detach", "--network", f"container:{stack.container('producer')}"),
        *("--env", "SIMULATOR_HOST=127.0.0.1", "--env", "SIMULATOR_PORT=8000"),
        *("--env", "ALPHA_VANTAGE_PLAN=1200", "--entrypoint", "python", image),
        *("-m", "services.simulator.main", "--speed", "15"),
    ).strip()


def test_what_was_stopped_goes_on_and_has_lost_nothing(stack: Stack, restarted: Restarted) -> None:
    [(after,)] = stack.rows(BARS)
    assert after > restarted.bars_before
    assert "reading market.bars from the checkpoint" in stack.compose("logs", "stream")
    stack.reconcile()


def test_four_gib_are_enough(stack: Stack, restarted: Restarted) -> None:
    assert restarted.bars_before
    limits = {
        one["Config"]["Labels"]["com.docker.compose.service"]: one["HostConfig"]["Memory"]
        for one in stack.containers().values()
        if one["State"]["Running"]
    }
    for service in STANDING_BY:
        assert "standing by" in stack.compose("logs", service)
    working = [limit for service, limit in limits.items() if service not in STANDING_BY]
    assert sum(working) + int(limits["simulator"]) < 3.5 * 1024**3


def test_the_drivers_page_is_shown_when_asked_for(stack: Stack, restarted: Restarted) -> None:
    page = f"http://{stack.variables['SPARK_DRIVER_PUBLISHED']}/jobs/"
    login = ("tapeline", restarted.secrets["spark_pages_password"])
    assert requests.get(page, timeout=20).status_code == 401
    shown = requests.get(page, auth=login, timeout=20)
    assert (shown.status_code, "tapeline stream" in shown.text) == (200, True)


def test_the_logs_show_no_secret(stack: Stack, restarted: Restarted) -> None:
    logs = restarted.logs_before + stack.compose("logs", "--no-color")
    assert len(restarted.logs_before) > 10_000
    assert leaks(logs, restarted.secrets) == []


def test_inspect_shows_no_secret(stack: Stack, restarted: Restarted) -> None:
    said = json.dumps(stack.containers())
    for kind in ("volume", "network"):
        names = stack.docker(kind, "ls", "--quiet", "--filter", f"name={stack.project}").split()
        said += stack.docker(kind, "inspect", *names)
    said += stack.compose("config")
    assert leaks(said, restarted.secrets) == []


def test_the_environment_of_a_service_holds_no_secret(stack: Stack, restarted: Restarted) -> None:
    for service in LONG_RUNNING:
        seen = stack.compose("exec", "-T", service, "cat", "/proc/1/environ")
        assert leaks(seen, restarted.secrets) == [], service
        command_lines = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
        seen = stack.compose("exec", "-T", service, "sh", "-c", command_lines)
        assert leaks(seen, restarted.secrets) == [], service


def test_the_metrics_show_no_secret(stack: Stack, restarted: Restarted) -> None:
    for service in ("producer", "stream"):
        fetch = f"import urllib.request as r; print(r.urlopen('http://{service}:9464').read())"
        metrics = stack.tool("ingest", "python", "-c", fetch)
        assert f"tapeline_{service}" in metrics
        assert leaks(metrics, restarted.secrets) == []


def test_the_images_hold_no_secret(image_leaks: Future[list[str]]) -> None:
    """Nor the key that lay in the checkout, and in the environment, while they were built."""
    assert image_leaks.result(timeout=600) == []


def test_every_documented_command_was_typed(stack: Stack) -> None:
    assert stack.documented.never_run() == []
