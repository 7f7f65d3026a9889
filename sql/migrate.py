"""Brings a PostgreSQL server to the pipeline's schema: roles, database, migrations, views.

Runs the same for a local run, compose and a VM, and may be run again at any time.
Migrations (sql/migrations) are applied once by yoyo; roles, partitions, views and the exchange's
calendar are brought up to date every time.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
import yoyo
from psycopg import sql
from yoyo.connections import DatabaseURI

from services.common.logs import configure
from services.common.market.market_clock import MarketClock, parse_market_clock
from services.common.secret import Secret
from services.common.settings import Environment, SecretText, SettingError, Text
from services.common.settings_help import settings_help
from services.common.shared_settings import (
    ALERTS_SERVICE_PASSWORD,
    DASHBOARD_SERVICE_PASSWORD,
    MARKET_CLOCK,
    POSTGRES_DB,
    POSTGRES_HOST,
    POSTGRES_PORT,
)
from sql.comments import Heads, keep_comments
from sql.exchanges import keep_functions
from sql.partitions import keep_partitions
from sql.roles import apply_roles, restrict_database
from sql.sessions import keep_sessions
from sql.source_clock import keep_source_clock, read_clock_file

HERE = Path(__file__).parent
OWNER = "market_owner"

POSTGRES_ADMIN_USER: Final = Text(
    "POSTGRES_ADMIN_USER", "The superuser that creates everything.", "postgres"
)
POSTGRES_ADMIN_PASSWORD: Final = SecretText(
    "POSTGRES_ADMIN_PASSWORD", "The password of the superuser."
)


def _password(role: str) -> SecretText:
    return SecretText(f"{role.upper()}_PASSWORD", f"The password of the role {role}.")


MARKET_OWNER_PASSWORD: Final = _password(OWNER)
STREAM_WRITER_PASSWORD: Final = _password("stream_writer")
DASHBOARD_READER_PASSWORD: Final = _password("dashboard_reader")
POWERBI_READER_PASSWORD: Final = _password("powerbi_reader")
POSTGRES_EXPORTER_PASSWORD: Final = _password("postgres_exporter")
_PASSWORDS: Final = {
    OWNER: MARKET_OWNER_PASSWORD,
    "stream_writer": STREAM_WRITER_PASSWORD,
    "alerts_service": ALERTS_SERVICE_PASSWORD,
    "dashboard_service": DASHBOARD_SERVICE_PASSWORD,
    "dashboard_reader": DASHBOARD_READER_PASSWORD,
    "powerbi_reader": POWERBI_READER_PASSWORD,
    "postgres_exporter": POSTGRES_EXPORTER_PASSWORD,
}
LOGIN_ROLES = tuple(_PASSWORDS)


@dataclass(frozen=True)
class Settings:
    """Where the server is, who bootstraps it, and the password of each role."""

    host: str
    port: int
    database: str
    admin_user: str
    admin_password: Secret
    role_passwords: Mapping[str, Secret]
    market_clock: MarketClock = field(default_factory=MarketClock)


def read_settings(variables: Mapping[str, str]) -> Settings:
    """Return the settings of a migration. Raises SettingError."""
    env = Environment(variables)
    return Settings(
        host=POSTGRES_HOST.read(env),
        port=POSTGRES_PORT.read(env),
        database=POSTGRES_DB.read(env),
        admin_user=POSTGRES_ADMIN_USER.read(env),
        admin_password=POSTGRES_ADMIN_PASSWORD.read(env),
        role_passwords={role: password.read(env) for role, password in _PASSWORDS.items()},
        market_clock=parse_market_clock(MARKET_CLOCK.read(env)),
    )


def migrate(settings: Settings, log: logging.Logger) -> None:
    """Apply roles, database, migrations, partitions, views and calendar; raises psycopg.Error."""
    present = datetime.now(UTC).date()
    with _connect(settings, "postgres") as admin:
        with admin.transaction():  # the guard would take a new password alone for a reader's own
            apply_roles(admin, settings.role_passwords)
        _create_database(admin, settings.database, log)
    with _connect(settings, settings.database) as admin:
        restrict_database(admin, settings.database)
    applied = _apply_migrations(settings)
    log.info("migrations applied: %s", ", ".join(applied) if applied else "none, all were there")
    with _connect_as_owner(settings) as owner:
        keep_partitions(owner, present)
        keep_functions(owner)
        files = sorted((HERE / "views").rglob("*.sql"), key=lambda file: file.name)
        texts = [file.read_text(encoding="utf-8") for file in files]
        for text in texts:
            owner.execute(text.encode())
        keep_comments(owner, Heads(texts))
        keep_sessions(owner, present)
        keep_source_clock(owner, settings.market_clock)
    log.info("views and grants are up to date")


@contextmanager
def _connect(settings: Settings, database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(
        host=settings.host,
        port=settings.port,
        dbname=database,
        user=settings.admin_user,
        password=settings.admin_password.reveal(),
        autocommit=True,
        connect_timeout=10,
    ) as connection:
        yield connection


@contextmanager
def _connect_as_owner(settings: Settings) -> Iterator[psycopg.Connection]:
    # One transaction: readers see the views of before or those of after, never a half.
    with psycopg.connect(
        host=settings.host,
        port=settings.port,
        dbname=settings.database,
        user=OWNER,
        password=settings.role_passwords[OWNER].reveal(),
        connect_timeout=10,
    ) as connection:
        yield connection


def _create_database(admin: psycopg.Connection, database: str, log: logging.Logger) -> None:
    found = admin.execute("select 1 from pg_database where datname = %s", (database,)).fetchone()
    if found is None:
        admin.execute(
            sql.SQL("create database {} owner {} encoding 'UTF8' template template0").format(
                sql.Identifier(database), sql.Identifier(OWNER)
            )
        )
        log.info("database %s created", database)


def _apply_migrations(settings: Settings) -> list[str]:
    with _connect_as_owner(settings) as owner:
        owner.execute("create schema if not exists migrations")
    uri = DatabaseURI(
        scheme="postgresql+psycopg",
        username=OWNER,
        password=settings.role_passwords[OWNER].reveal(),
        hostname=settings.host,
        port=settings.port,
        database=settings.database,
        args={"schema": "migrations"},  # where yoyo remembers what it did
    )
    backend = yoyo.get_backend(uri.uri)
    with contextlib.closing(backend.connection), backend.lock():
        pending = backend.to_apply(yoyo.read_migrations(str(HERE / "migrations")))
        backend.apply_migrations(pending)
    return [str(migration.id) for migration in pending]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sql.migrate",
        description="Create or update roles, database, tables and views.\n\n"
        + settings_help(globals()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--clock-file",
        type=Path,
        metavar="FILE",
        help="take MARKET_CLOCK from this file, which a simulator keeps, if it is there",
    )
    return parser


def main() -> int:
    """Run from the command line; return the exit code."""
    clock_file = _parser().parse_args().clock_file
    try:
        clock = read_clock_file(clock_file, MARKET_CLOCK.read(Environment(os.environ)))
        settings = read_settings({**os.environ, MARKET_CLOCK.name: clock})
    except (SettingError, OSError) as error:
        print(f"migrate: {error}", file=sys.stderr)  # noqa: T201 - logging is not set up yet
        return 2
    log = configure("migrate", secrets=[settings.admin_password, *settings.role_passwords.values()])
    logging.getLogger("yoyo").setLevel(logging.WARNING)
    try:
        migrate(settings, log)
    except psycopg.Error as error:
        log.error("failed on %s:%s: %s", settings.host, settings.port, " ".join(str(error).split()))  # noqa: TRY400 - one line, not a trace
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
