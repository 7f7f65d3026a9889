"""No secret in logs, inspect, images, environments or metrics: neither given nor generated."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Iterator

import pytest

from scripts.containers import programs
from scripts.embedded.layout import ROOT
from tests.compose.stack import LONG_RUNNING, Stack
from tests.fixtures.live import wait_for

GENERATED = (
    "postgres_password",
    "market_owner_password",
    "stream_writer_password",
    "dashboard_reader_password",
    "powerbi_reader_password",
    "spark_secret",
    "kafka_ui_password",
    "pgadmin_password",
    "spark_pages_password",
)


@pytest.fixture(scope="module")
def canaries(stack: Stack) -> Iterator[dict[str, str]]:
    """Plant a key and let the producer use it on a vendor of our own; return all the secrets."""
    key = f"canary{secrets.token_hex(12)}"
    key_file = stack.directory / "keys" / "alpha_vantage_key"
    key_file.write_text(key + "\n", encoding="utf-8")
    image = f"{stack.variables['TAPELINE_IMAGES']}/simulator:0.1.0"
    vendor = stack.docker(
        *("run", "--detach", "--network", f"{stack.project}_market", "--network-alias", "vendor"),
        *("--env", "SIMULATOR_HOST=0.0.0.0", "--env", "SIMULATOR_PORT=8000"),
        *("--env", "ALPHA_VANTAGE_PLAN=1200", "--entrypoint", "python", image),
        *("-m", "services.simulator.main", "--speed", "15"),
    ).strip()
    before = dict(stack.variables)
    stack.variables |= {
        "ALPHA_VANTAGE_URL": "http://vendor:8000/query",
        "ALPHA_VANTAGE_PLAN": "1200",
        "LOG_LEVEL": "DEBUG",
    }
    try:
        stack.compose("up", "--detach")
        stack.compose("restart", "simulator", "producer")
        stack.wait_until_healthy(240)
        asked = "select count(*) from events_stream where source = 'alphavantage'"
        wait_for(lambda: stack.rows(asked) != [(0,)], "a bar fetched with the key", 120)
        yield {name: stack.secret(name) for name in GENERATED} | {"key": key}
    finally:
        stack.docker("rm", "--force", vendor)
        key_file.unlink()
        stack.variables = before


def leaks(text: str, canaries: dict[str, str]) -> list[str]:
    """Return the names of the secrets that the text holds."""
    return [name for name, value in canaries.items() if value in text]


def test_the_real_market_is_used_once_a_key_is_there(
    stack: Stack, canaries: dict[str, str]
) -> None:
    assert canaries["key"]
    assert "standing by" in stack.compose("logs", "simulator")


def test_the_logs_show_no_secret(stack: Stack, canaries: dict[str, str]) -> None:
    logs = stack.compose("logs", "--no-color")
    assert len(logs) > 10_000
    assert leaks(logs, canaries) == []


def test_inspect_shows_no_secret(stack: Stack, canaries: dict[str, str]) -> None:
    said = json.dumps(stack.containers())
    for kind in ("volume", "network"):
        names = stack.docker(kind, "ls", "--quiet", "--filter", f"name={stack.project}").split()
        said += stack.docker(kind, "inspect", *names)
    said += stack.compose("config")
    assert leaks(said, canaries) == []


def test_the_environment_of_a_service_holds_no_secret(
    stack: Stack, canaries: dict[str, str]
) -> None:
    for service in LONG_RUNNING:
        seen = stack.compose("exec", "-T", service, "cat", "/proc/1/environ")
        assert leaks(seen, canaries) == [], service
        command_lines = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
        seen = stack.compose("exec", "-T", service, "sh", "-c", command_lines)
        assert leaks(seen, canaries) == [], service


def test_the_metrics_show_no_secret(stack: Stack, canaries: dict[str, str]) -> None:
    for service in ("producer", "stream"):
        fetch = f"import urllib.request as r; print(r.urlopen('http://{service}:9464').read())"
        metrics = stack.tool("ingest", "python", "-c", fetch)
        assert f"tapeline_{service}" in metrics
        assert leaks(metrics, canaries) == []


def test_an_image_takes_in_no_secret_that_lies_in_the_checkout(
    stack: Stack, canaries: dict[str, str]
) -> None:
    planted = ROOT / "secrets" / f"canary-{secrets.token_hex(4)}"
    planted.write_text(canaries["key"], encoding="utf-8")
    try:
        stack.compose("build", "--quiet", ALPHA_VANTAGE_KEY=canaries["key"])
    finally:
        planted.unlink()
    prefix = stack.variables["TAPELINE_IMAGES"]
    images = stack.docker("image", "ls", "--quiet", f"{prefix}/*").split()
    assert images
    needles = tuple(value.encode() for value in canaries.values())
    longest = max(map(len, needles))
    saved = subprocess.Popen(
        [programs.require("docker"), "save", *images],
        env=stack.variables,
        stdout=subprocess.PIPE,
    )
    assert saved.stdout is not None
    tail, found, begin = b"", 0, time.monotonic()
    while part := saved.stdout.read(1 << 22):
        found += sum(needle in tail + part for needle in needles)
        tail = part[-longest:]
    assert saved.wait() == 0
    assert found == 0, f"after {time.monotonic() - begin:.0f} s"
