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
    """Return the command that prints a secret that was made, or ends with an error.

    What a short-lived container prints can be gone before Docker has attached to it
    (https://github.com/moby/moby/issues/29285), so the command asks again if it hears nothing.
    """
    asked = place.compose("run", "--rm", "--no-deps", "--no-TTY", "secrets", "show", name)
    return (
        f'for _ in 1 2 3 4 5; do said=$({asked}) || exit; [ -z "$said" ] || break; done; '
        '[ -n "$said" ] && printf "%s\\n" "$said"'
    )


def given(place: Place) -> str:
    """Return where a password for the dashboard lies that takes the place of the one made."""
    return f"{place.keys}/dashboard/password"


def remake(place: Place) -> list[str]:
    """Return the commands that give the dashboard a new password."""
    run = ("run", "--rm", "--no-TTY", "secrets", "rotate", DASHBOARD)
    return [place.compose(*run), commands.restart(place, "dashboard")]
