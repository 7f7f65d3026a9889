"""Passwords that people type: shown, and made anew."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from scripts.operations.credentials import passwords, rotation
from scripts.operations.errors import OperationError
from scripts.operations.status import support_bundle
from scripts.operations.target import LOCAL
from services.secrets import table
from tests.unit.operations.fakes import COMPOSE, HOST, listed, operation

SHOW = "run --rm --no-deps --no-TTY secrets show"
GIVEN = "/opt/tapeline/keys/dashboard/password"


def asked(compose: str, name: str) -> str:
    """Return the whole command that shows a secret that was made."""
    return (
        f"for _ in 1 2 3 4 5; do said=$({compose} {SHOW} {name}) || exit; "
        '[ -z "$said" ] || break; done; [ -n "$said" ] && printf "%s\\n" "$said"'
    )


def test_the_whole_command_that_shows_one() -> None:
    assert passwords.show(LOCAL, "ca.crt") == asked("docker compose", "ca.crt")
    assert passwords.show(HOST, "powerbi_reader_password") == (
        asked(COMPOSE, "powerbi_reader_password")
    )


def test_the_dashboards_is_the_one_given_or_else_the_one_made() -> None:
    made = asked(COMPOSE, "dashboard_password")
    assert passwords.show(HOST, "dashboard_password") == (
        f"if [ -s {GIVEN} ]; then cat {GIVEN}; else {made}; fi"
    )


@pytest.mark.parametrize(
    ("docker", "code", "printed", "calls"),
    [
        ("[ $calls -lt 3 ] || echo made", 0, "made\n", 3),
        ("true", 1, "", 5),
        ("echo half; exit 7", 7, "", 1),
    ],
    ids=["lost twice", "always lost", "failed"],
)
def test_a_secret_is_asked_for_again_where_its_output_was_lost(
    tmp_path: Path, docker: str, code: int, printed: str, calls: int
) -> None:
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\necho >> {tmp_path}/calls\n"
                       f"calls=$(wc -l < {tmp_path}/calls)\n{docker}\n")  # fmt: skip
    program.chmod(0o755)
    command = ["sh", "-c", passwords.show(LOCAL, "ca.crt")]
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, printed)
    assert len((tmp_path / "calls").read_text("utf-8").splitlines()) == calls


@pytest.mark.parametrize("name", ["ca.key", "server.key", "pgpass", "../x", ""])
def test_what_nobody_types_is_not_shown(name: str) -> None:
    with pytest.raises(OperationError, match="postgres_password, "):
        passwords.show(HOST, name)


def test_each_one_is_made_and_kept_out_of_bundles() -> None:
    typed = {name for name in table.GENERATED if name != "spark_secret"}
    assert {*passwords.SHOWN} >= typed
    assert {*support_bundle.SECRET_NAMES} >= {*passwords.SHOWN} - {"ca.crt"}


def test_the_dashboards_password_is_made_anew_and_taken() -> None:
    one, shell, _ = operation(
        {"ps --all --format": listed(dashboard="healthy"), "test -e": (1, "")}
    )
    rotation.rotate(one, "dashboard")
    steps = [
        command for command in shell.ran if "secrets rotate" in command or "restart" in command
    ]
    assert [step for step in steps if step.startswith(COMPOSE)] == [
        f"{COMPOSE} run --rm --no-TTY secrets rotate dashboard_password",
        f"{COMPOSE} restart dashboard",
    ]


def test_a_password_that_was_given_is_not_made_anew() -> None:
    one, shell, _ = operation({})
    with pytest.raises(OperationError, match=f"{GIVEN}"):
        rotation.rotate(one, "dashboard")
    assert not [command for command in shell.ran if "secrets rotate" in command]
