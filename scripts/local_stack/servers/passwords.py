"""Random passwords, made once and kept in files that only their owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from services.common.secret import Secret

ADMINISTRATOR = "postgres"
READER = "dashboard_reader"
DASHBOARD = "dashboard_service"
ALERTS = "alerts_service"
EXPORTER = "postgres_exporter"
ROLES = (
    *("market_owner", "stream_writer", ALERTS, DASHBOARD, READER),
    *("powerbi_reader", EXPORTER),
)


def make_passwords(directory: Path) -> dict[str, Path]:
    """Return the password file of the administrator and of each role, making what is missing."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    files = {role: directory / f"{role}_password" for role in (ADMINISTRATOR, *ROLES)}
    for file in files.values():
        if not file.exists():
            write_private(file, secrets.token_urlsafe(24))
    return files


def read_password(file: Path) -> Secret:
    """Return the password that the file holds."""
    return Secret(file.read_text(encoding="utf-8").strip())


def write_pgpass(directory: Path, host: str, database: str, role: str, password: Secret) -> Path:
    """Write a password file for psql that serves any port, and return it."""
    file = directory / "pgpass"
    write_private(file, f"{host}:*:{database}:{role}:{password.reveal()}\n")
    return file


def write_private(file: Path, text: str, uid: int = -1, gid: int = -1) -> None:
    """Write the file whole, for its owner's eyes only; uid and gid -1 mean the caller's."""
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        os.fchown(opened.fileno(), uid, gid)
        opened.write(text)
    part.replace(file)
