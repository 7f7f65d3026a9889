"""The tunnel: what runs there in, one ssh command and a line for each page out."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.operations import tunnel
from scripts.operations.errors import OperationError
from tests.fixtures.live import wait_for
from tests.unit.operations.fakes import outputs

HOSTS = Path("/c/known_hosts")
SSH = [
    *("ssh", "-N", "-T", "-o", "ExitOnForwardFailure=yes", "-o", "StrictHostKeyChecking=yes"),
    *("-o", "UserKnownHostsFile=/c/known_hosts", "-o", "GlobalKnownHostsFile=/dev/null"),
]
USUAL = {"dashboard": "healthy", "postgres": "healthy", "stream": "healthy", "topics": "exited 0"}
ALL = {**USUAL, "spark-pages": "healthy", "pgadmin": "unhealthy", "kafka-ui": "starting"}


def test_the_whole_command_for_some_pages_checks_the_host_key() -> None:
    assert tunnel.command(outputs(), HOSTS, "/home/ann/key", ["dashboard", "kafka-ui"], 0) == [
        *(*SSH, "-i", "/home/ann/key", "-p", "22"),
        *("-L", "127.0.0.1:8050:127.0.0.1:8050", "-L", "127.0.0.1:8082:127.0.0.1:8082"),
        "tapeline@203.0.113.7",
    ]


def test_one_thing_alone_may_have_another_port_here() -> None:
    assert tunnel.command(outputs(), HOSTS, "", ["postgres"], 15432) == [
        *(*SSH, "-p", "22", "-L", "127.0.0.1:15432:127.0.0.1:5432", "tapeline@203.0.113.7")
    ]
    with pytest.raises(OperationError, match="--port"):
        tunnel.command(outputs(), HOSTS, "", ["dashboard", "pgadmin"], 18050)


@pytest.mark.parametrize(
    ("what", "states", "wanted"),
    [
        ("", USUAL, ["dashboard"]),
        ("", ALL, ["dashboard", "pgadmin", "kafka-ui", "spark-master", "spark-driver"]),
        ("postgres", USUAL, ["postgres"]),
        ("dashboard, postgres,dashboard", USUAL, ["dashboard", "postgres"]),
    ],
)
def test_every_page_that_runs_comes_and_the_database_when_asked_for(
    what: str, states: dict[str, str], wanted: list[str]
) -> None:
    assert tunnel.chosen(what, states) == wanted


@pytest.mark.parametrize(
    ("what", "states", "said"),
    [
        ("kafka", USUAL, "there is no tunnel to 'kafka'; there are postgres, dashboard, pgadmin, "),
        ("pgadmin", USUAL, "pgadmin is not running there"),
        ("dashboard", {**USUAL, "dashboard": "exited 2"}, "dashboard is not running there"),
        ("", {"postgres": "healthy"}, "no page is running there"),
    ],
)
def test_what_is_not_there_is_told(what: str, states: dict[str, str], said: str) -> None:
    with pytest.raises(OperationError, match=said):
        tunnel.chosen(what, states)


def test_each_address_is_told_and_each_page_that_is_not_running() -> None:
    assert tunnel.lines(["dashboard"], USUAL, 0) == [
        "dashboard    http://127.0.0.1:8050/",
        "pgadmin      is not running",
        "kafka-ui     is not running",
        "spark-master is not running",
        "spark-driver is not running",
        "Ctrl-C ends it",
    ]
    assert tunnel.lines(["postgres", "pgadmin", "spark-master", "spark-driver"], ALL, 0) == [
        "postgres     127.0.0.1:5432, database market",
        "pgadmin      http://127.0.0.1:5050/ (unhealthy)",
        "spark-master http://127.0.0.1:8080/",
        "spark-driver http://127.0.0.1:4040/",
        "Ctrl-C ends it",
    ]
    assert (
        tunnel.lines(["postgres"], ALL, 15432)[0] == "postgres     127.0.0.1:15432, database market"
    )


def test_ctrl_c_ends_it_well_and_a_failure_of_ssh_counts() -> None:
    assert tunnel.hold([sys.executable, "-c", "raise SystemExit(255)"]) == 255
    words = [sys.executable, "-c", "import time; time.sleep(60)"]
    program = f"import sys; from scripts.operations import tunnel; sys.exit(tunnel.hold({words!r}))"
    with subprocess.Popen([sys.executable, "-c", program]) as holding:
        children = Path(f"/proc/{holding.pid}/task/{holding.pid}/children")
        wait_for(lambda: children.read_text("ascii") != "", "the child", 60)
        found = children.read_text("ascii").split()
        holding.send_signal(signal.SIGINT)
        assert holding.wait(60) == 0
    assert not Path(f"/proc/{found[0]}").exists()
