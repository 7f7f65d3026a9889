"""Passwords that people type: which there are, and the commands that show one or make it anew."""

from __future__ import annotations

import shlex
from typing import Final

from scripts.operations import commands
from scripts.operations.errors import OperationError
from scripts.operations.place import Place

DASHBOARD: Final = "dashboard_password"
MADE: Final = (
    *commands.PASSWORD_USERS,
    DASHBOARD,
    "kafka_ui_password",
    "pgadmin_password",
    "spark_pages_password",
    "backup_passphrase",
)
SHOWN: Final = (*MADE, "ca.crt")
"""What `fab secret` shows; with the last one a certificate is checked."""


def show(place: Place, name: str) -> str:
    """Return the command that prints one of SHOWN. Raises OperationError."""
    if name not in SHOWN:
        raise OperationError(f"there is no secret {name!r} to show; there are {', '.join(SHOWN)}")
    made = show_made(place, name)
    if name != DASHBOARD:
        return made
    file = shlex.quote(given(place))
    return f"if [ -s {file} ]; then cat {file}; else {made}; fi"


def show_made(place: Place, name: str) -> str:
    """Return the command that prints a secret that was made."""
    run = ("run", "--rm", "--no-deps", "--no-TTY")
    return commands.heard(place.compose(*run, "secrets", "show", name))


def given(place: Place) -> str:
    """Return where a password for the dashboard lies that takes the place of the one made."""
    return f"{place.keys}/dashboard/password"


def remake(place: Place) -> list[str]:
    """Return the commands that give the dashboard a new password."""
    run = ("run", "--rm", "--no-TTY", "secrets", "rotate", DASHBOARD)
    return [place.compose(*run), commands.restart(place, "dashboard")]
