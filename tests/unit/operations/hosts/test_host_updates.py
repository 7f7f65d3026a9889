"""Updates of a host: what apt-get said in, what to do, and in which order it is done."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.operations import compose_commands
from scripts.operations.errors import OperationError
from scripts.operations.hosts import host_updates
from scripts.operations.hosts.host_updates import HostUpdates
from tests.unit.operations.fakes import COMPOSE, HOST, listed, operation

ENGINE = "docker-ce 5:29.0.1-1 5:29.1.3-1"
WELL = listed(kafka="healthy", stream="healthy")
# As apt-get of Debian 13 prints it.
SIMULATED = """\
Reading package lists...
Inst libssl3t64 [3.5.1-1] (3.5.4-1~deb13u2 Debian-Security:13/stable-security [amd64])
Inst docker-ce [5:29.0.1-1] (5:29.1.3-1 Docker CE:trixie [amd64])
Inst new-library (1.0 Debian:13.2/stable [amd64])
Conf libssl3t64 (3.5.4-1~deb13u2 Debian-Security:13/stable-security [amd64])
"""


def test_what_apt_get_says_is_understood(tmp_path: Path) -> None:
    for name, said in (("apt-get", SIMULATED), ("docker", "29.0.1, built then\n")):
        (tmp_path / name).write_text(f"#!/bin/sh\ncat <<'END'\n{said}END\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", host_updates.ASK],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = host_updates.parse(done.stdout)
    assert (found.engine, found.updates) == (
        "29.0.1, built then",
        ("libssl3t64 3.5.1-1 3.5.4-1~deb13u2", ENGINE),
    )


@pytest.mark.parametrize(
    ("found", "notes"),
    [
        (HostUpdates("29", (), None), []),
        (HostUpdates("29", ("libssl3t64 1 2",), None), []),
        (HostUpdates("29", (ENGINE,), None), [f"the engine has updates ({ENGINE}): fab patch"]),
        (
            HostUpdates("29", (), "linux-image-amd64"),
            ["the host wants a restart for linux-image-amd64: sudo systemctl reboot"],
        ),
        (HostUpdates("29", (), ""), ["the host wants a restart: sudo systemctl reboot"]),
    ],
)
def test_a_note_for_each_thing_that_a_person_should_do(
    found: HostUpdates, notes: list[str]
) -> None:
    assert found.notes() == notes


@pytest.mark.parametrize(
    ("dated", "told"),
    # The clock stands at 2026-11-24: half a year is the last day that is none too many.
    [
        ("20260528", "the base of the images is 180 days old"),
        ("20260527", "the base of the images is 181 days old: OLD, bring a newer release"),
    ],
)
def test_an_old_base_of_the_images_is_told(dated: str, told: str) -> None:
    base = f"BASE_IMAGE: ${{BASE_IMAGE:-debian:trixie-{dated}-slim@sha256:0}}\n"
    one, _, _ = operation({"grep BASE_IMAGE": base, "docker version": "29.1.3, built then\n"})
    assert host_updates.engine(one) == f"29.1.3, built then; {told}"


def updates_until_upgraded(first: str) -> Callable[[], str]:
    """Return an answer to ASK that names an update the first time alone."""
    left = [f"engine=29.0\nupdate={first}\n", "engine=29.1\n"]
    return lambda: left.pop(0)


@pytest.mark.parametrize(
    ("update", "stopped"), [(ENGINE, [f"{COMPOSE} stop"]), ("libssl3t64 1 2", [])]
)
def test_the_containers_are_stopped_for_the_engine_alone(update: str, stopped: list[str]) -> None:
    one, shell, _ = operation(
        {"--simulate": updates_until_upgraded(update), "ps --all --format": WELL}
    )
    assert host_updates.patch(one, "") == ["engine 29.1; 1 packages updated"]
    compose = [command for command in shell.ran if "host-compose" in command]
    assert compose == [
        *stopped,
        f"systemctl start docker && {compose_commands.up(HOST)}",
        f"{COMPOSE} ps --all --format json",
    ]
    # Else the alert of what waited would stay until the night.
    assert "host-metric tapeline_engine_updates 0" in shell.ran[-3]
    assert "audit.log" in shell.ran[-2]
    assert shell.ran[-1] == "rm -rf /opt/tapeline/lock"


def test_where_nothing_waits_nothing_is_stopped() -> None:
    one, shell, _ = operation({"--simulate": "engine=29.1\n"})
    assert host_updates.patch(one, "") == ["nothing to update; engine 29.1"]
    assert not [command for command in shell.ran if "host-compose" in command]


def test_the_pipeline_runs_again_after_an_update_that_failed() -> None:
    one, shell, _ = operation(
        {
            "--simulate": updates_until_upgraded(ENGINE),
            "force-confold": (100, "E: Sub-process /usr/bin/dpkg returned an error code (1)"),
            "ps --all --format": WELL,
        }
    )
    with pytest.raises(OperationError, match=r"dpkg returned .* the pipeline runs"):
        host_updates.patch(one, "")
    assert any("up --detach" in command for command in shell.ran)
    assert "failed" in shell.ran[-2]


def test_nothing_is_stopped_for_what_cannot_be_fetched() -> None:
    one, shell, _ = operation(
        {
            "--simulate": updates_until_upgraded(ENGINE),
            "--download-only": (100, "E: Unable to fetch some archives"),
        }
    )
    with pytest.raises(OperationError, match="Unable to fetch some archives"):
        host_updates.patch(one, "")
    assert not [command for command in shell.ran if "host-compose" in command]
