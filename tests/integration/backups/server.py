"""A migrated PostgreSQL that hands its write-ahead log to a repository, and what works on both."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from scripts.containers.monitoring_tools import tool
from scripts.launcher.paths import ROOT
from scripts.local_stack.servers import postgres_tls, processes
from scripts.local_stack.servers.passwords import (
    ADMINISTRATOR,
    make_passwords,
    read_password,
    write_private,
)
from scripts.local_stack.servers.ports import HOST, free_ports
from scripts.local_stack.servers.postgres_account import Account, account_for
from scripts.local_stack.servers.processes import Child, Command
from services.common.secret import Secret
from services.secrets.backup_repository import configuration
from sql import migrate
from tests.fixtures.live import wait_for

POSTGRES = ROOT / "services" / "postgres"
PASSPHRASE = "of-the-repository"
START_SECONDS = 120.0


@dataclass
class Archived:
    """The server in its folder; `given` has the files that the service `secrets` would be given."""

    directory: Path
    account: Account = field(init=False)
    passwords: dict[str, Secret] = field(init=False)
    port: int = field(init=False)
    child: Child | None = None

    def __post_init__(self) -> None:
        self.account, [self.port] = account_for(self.directory), free_ports(1)
        self.passwords = {
            name: read_password(file)
            for name, file in make_passwords(self.directory / "passwords").items()
        }
        for name in ("volume", "run", "given", "tmp", "programs"):
            (self.directory / name).mkdir(mode=0o700)
        shutil.copy(tool("pgbackrest", os.environ), self.directory / "programs" / "pgbackrest")
        password = self.passwords[ADMINISTRATOR].reveal()
        self.private("run/pgpass", f"*:*:*:postgres:{password}\n")
        self.private("run/postgres_password", password)
        self.give_away()

    @property
    def data(self) -> Path:
        return self.directory / "volume" / "data"

    def private(self, name: str, text: str) -> Path:
        """Write a file that the server's user alone reads."""
        file = self.directory / name
        file.unlink(missing_ok=True)
        write_private(file, text, self.account.uid, self.account.gid)
        return file

    def give_away(self) -> None:
        """Let the server's user own everything."""
        for path in (self.directory, *self.directory.rglob("*")):
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)

    def to(self, repository: str, passphrase: str = PASSPHRASE) -> None:
        """Let this be the repository from now on; the next file of the log goes there."""

        def given(name: str) -> str | None:
            file = self.directory / "given" / name
            return file.read_text("utf-8") if file.exists() else None

        folder = str(self.directory / "given")
        self.private("run/pgbackrest.conf", configuration(repository, passphrase, given, folder))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.directory}/programs:{postgres_tls.require(os.environ)}:/usr/bin:/bin",
            "LC_ALL": "C",
            "TZ": "America/New_York",
            "TMPDIR": str(self.directory / "tmp"),
            "PGPORT": str(self.port),
            "PGHOST": str(self.directory / "tmp"),
            "PGPASSFILE": str(self.directory / "run" / "pgpass"),
            "POSTGRES_ROOT": str(self.directory / "volume"),
            "POSTGRES_DATA": str(self.data),
            "PGBACKREST_CONFIG": str(self.directory / "run" / "pgbackrest.conf"),
            "PASSWORD_FILE": str(self.directory / "run" / "postgres_password"),
            "REPOSITORY_SCRATCH": str(self.directory / "tmp" / "pgbackrest"),
        }

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program as the user of the server."""
        return subprocess.run(
            ["setpriv", *self.account.options, "--", *command],
            env=self.environment, cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip

    def tool(self, name: str, *words: str) -> str:
        """Run a program of services/postgres/pgbackrest; return what it printed."""
        done = self.run(POSTGRES / "pgbackrest" / name, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def initialize(self) -> None:
        """Make the cluster."""
        made = self.run(
            *("initdb", "-D", self.data, "-EUTF8", "--locale=C", "--auth=scram-sha-256", "-k"),
            *("--username=postgres", f"--pwfile={self.directory / 'run' / 'postgres_password'}"),
        )
        assert made.returncode == 0, made.stderr

    def start(self, **settings: str) -> None:
        """Start the server with what ships, and wait until it lets somebody write."""
        wanted = {
            "config_file": str(POSTGRES / "postgresql.conf"),
            "port": str(self.port),
            "listen_addresses": HOST,
            "unix_socket_directories": str(self.directory / "tmp"),
            "hba_file": str(self.data / "pg_hba.conf"),
            "ssl": "off",
            "archive_mode": "on",
            "archive_timeout": "30s",
            "archive_command": f"{POSTGRES}/pgbackrest/push %p",
            "log_timezone": "UTC",
            **settings,
        }
        words = [part for name, value in wanted.items() for part in ("-c", f"{name}={value}")]
        self.child = processes.start(
            Command(
                name="postgres",
                arguments=["postgres", "-D", str(self.data), *words],
                log=self.directory / "postgres.log",
                environment=self.environment,
                directory=Path("/"),
                stop_signal=signal.SIGINT,
                as_user=self.account.options,
            )
        )
        processes.wait_until(self.is_writable, self.child, START_SECONDS)

    def stop(self) -> None:
        if self.child is not None:
            processes.stop([self.child], 60)
            self.child = None

    def lose_disk(self) -> None:
        """Kill the server and remove its volume, as if the machine were gone."""
        assert self.child is not None
        self.child.process.kill()
        self.child.process.wait()
        processes.stop([self.child], 5)
        self.child = None
        shutil.rmtree(self.directory / "volume")
        shutil.rmtree(self.directory / "tmp" / "pgbackrest")
        (self.directory / "volume").mkdir(mode=0o700)
        self.give_away()

    def connect(self, database: str = "market") -> psycopg.Connection:
        return psycopg.connect(
            host=HOST, port=self.port, dbname=database, user=ADMINISTRATOR,
            password=self.passwords[ADMINISTRATOR].reveal(), autocommit=True,
        )  # fmt: skip

    def ask(self, query: str, database: str = "market") -> str:
        """Return the first column of the first row, as text."""
        with closing(self.connect(database)) as connection:
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            return str(row[0])

    def is_writable(self) -> bool:
        try:
            return self.ask("select pg_is_in_recovery()", "postgres") == "False"
        except psycopg.OperationalError:
            return False

    def migrate(self) -> None:
        roles = {name: secret for name, secret in self.passwords.items() if name != ADMINISTRATOR}
        admin = self.passwords[ADMINISTRATOR]
        settings = migrate.Settings(HOST, self.port, "market", ADMINISTRATOR, admin, roles)
        migrate.migrate(settings, logging.getLogger("migrate"))

    def contents(self) -> str:
        """Return rows and checksum of each table."""
        done = self.run("psql", "-U", "postgres", "-d", "market", "-qAtX", "-f",
                        POSTGRES / "contents.sql")  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def archived(self) -> None:
        """Wait until all that was written up to now is in the repository."""
        segment = self.ask("select pg_walfile_name(pg_switch_wal())")
        newest = "select coalesce(last_archived_wal, '') from pg_stat_archiver"
        wait_for(lambda: self.ask(newest) >= segment, f"{segment} in the repository")
