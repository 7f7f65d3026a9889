"""Passwords that people type: which there are, and the commands that show one or make it anew."""

from __future__ import annotations

import shlex
from typing import Final

from scripts.operations import compose_commands
from scripts.operations.errors import OperationError
from scripts.operations.target import Target

DASHBOARD: Final = "dashboard_password"
MADE: Final = (
    *compose_commands.PASSWORD_USERS,
    DASHBOARD,
    "kafka_ui_password",
    "pgadmin_password",
    "spark_pages_password",
    "backup_passphrase",
)
SHOWN: Final = (*MADE, "ca.crt")
"""What `fab secret` shows; with the last one a certificate is checked."""


def show(target: Target, name: str) -> str:
    """Return the command that prints one of SHOWN. Raises OperationError."""
    if name not in SHOWN:
        raise OperationError(f"there is no secret {name!r} to show; there are {', '.join(SHOWN)}")
    made = show_made(target, name)
    if name != DASHBOARD:
        return made
    file = shlex.quote(given(target))
    return f"if [ -s {file} ]; then cat {file}; else {made}; fi"


def show_made(target: Target, name: str) -> str:
    """Return the command that prints a secret that was made."""
    run = ("run", "--rm", "--no-deps", "--no-TTY")
    return compose_commands.heard(target.compose(*run, "secrets", "show", name))


def given(target: Target) -> str:
    """Return where a password for the dashboard lies that takes the place of the one made."""
    return f"{target.keys}/dashboard/password"


def remake(target: Target) -> list[str]:
    """Return the commands that give the dashboard a new password."""
    run = ("run", "--rm", "--no-TTY", "secrets", "rotate", DASHBOARD)
    return [target.compose(*run), compose_commands.restart(target, "dashboard")]
