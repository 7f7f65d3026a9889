"""Passwords that people type: shown, and made anew."""

from __future__ import annotations

import re

import pytest

from scripts.embedded.layout import ROOT
from scripts.operations import bundle, passwords, rotation
from scripts.operations.errors import OperationError
from scripts.operations.place import LOCAL
from tests.unit.operations.fakes import COMPOSE, HOST, listed, session

SHOW = "run --rm --no-deps --no-TTY secrets show"
GIVEN = "/opt/tapeline/keys/dashboard/password"


def test_the_whole_command_that_shows_one() -> None:
    assert passwords.show(LOCAL, "ca.crt") == f"docker compose {SHOW} ca.crt"
    assert passwords.show(HOST, "powerbi_reader_password") == (
        f"{COMPOSE} {SHOW} powerbi_reader_password"
    )


def test_the_dashboards_is_the_one_given_or_else_the_one_made() -> None:
    assert passwords.show(HOST, "dashboard_password") == (
        f"if [ -s {GIVEN} ]; then cat {GIVEN}; else {COMPOSE} {SHOW} dashboard_password; fi"
    )


@pytest.mark.parametrize("name", ["ca.key", "server.key", "pgpass", "../x", ""])
def test_what_nobody_types_is_not_shown(name: str) -> None:
    with pytest.raises(OperationError, match="to show; there are postgres_password, "):
        passwords.show(HOST, name)


def test_each_one_is_made_and_kept_out_of_bundles() -> None:
    made = re.findall(r"once (\w+) random", (ROOT / "services/secrets/start").read_text("utf-8"))
    typed = {name for name in made if name != "spark_secret"}
    assert {*passwords.SHOWN} >= typed
    assert {*bundle.SECRET_NAMES} >= {*passwords.SHOWN} - {"ca.crt"}


def test_the_dashboards_password_is_made_anew_and_taken() -> None:
    one, shell, _ = session({"ps --all": listed(dashboard="healthy"), "test -e": (1, "")})
    rotation.rotate(one, "dashboard")
    steps = [
        command for command in shell.ran if "secrets rotate" in command or "restart" in command
    ]
    assert [step for step in steps if step.startswith(COMPOSE)] == [
        f"{COMPOSE} run --rm --no-TTY secrets rotate dashboard_password",
        f"{COMPOSE} restart dashboard",
    ]


def test_a_password_that_was_given_is_not_made_anew() -> None:
    one, shell, _ = session({})
    with pytest.raises(OperationError, match=f"its password is the one in {GIVEN}"):
        rotation.rotate(one, "dashboard")
    assert not [command for command in shell.ran if "secrets rotate" in command]
