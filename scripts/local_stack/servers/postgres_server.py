"""A real PostgreSQL on the loopback interface, from the programs in a Python wheel."""

from __future__ import annotations

import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from scripts.launcher.errors import SetupError
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.passwords import ADMINISTRATOR, read_password, write_private
from scripts.local_stack.servers.ports import HOST
from scripts.local_stack.servers.postgres_account import Account, account_for, program_directory
from scripts.local_stack.servers.processes import Child, Command

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # their path may be too long, and TCP serves everyone
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "max_notify_queue_pages": "131072",  # 1 GiB, which every account may fill
    "wal_compression": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""How the server differs from PostgreSQL's own defaults; durability stays as it is there."""

_INITDB_SECONDS = 120
_LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-EUTF8")
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Cluster:
    """What a server is made of. `directory` is its own; the password file is the superuser's."""

    directory: Path
    logs: Path
    port: int
    password_file: Path


def start(cluster: Cluster) -> Child:
    """Start the server on its directory, making that ready first; it is not awaited.

    Raises SetupError.
    """
    cluster.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    account = account_for(cluster.directory)
    programs = program_directory()
    data = cluster.directory / "cluster"
    if not data.exists():
        _initialize(cluster, account, programs)
    elif data.stat().st_uid != account.uid:
        raise SetupError(
            f"{data} belongs to another user (uid {data.stat().st_uid}); "
            "start as the user who made it, or choose another --data-dir"
        )
    settings = {**SETTINGS, "port": str(cluster.port)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return processes.start(
        Command(
            name="postgres",
            arguments=[str(programs / "postgres"), "-D", str(data), *options],
            log=cluster.logs / "postgres.log",
            environment=_ENVIRONMENT,
            directory=Path("/"),
            stop_signal=signal.SIGINT,  # fast shutdown: do not wait for clients to leave
            orphan_signal=signal.SIGINT,
            as_user=account.options,
        )
    )


def _initialize(cluster: Cluster, account: Account, programs: Path) -> None:
    """Make the data directory aside and rename it, so that a half one is never taken for whole."""
    fresh = cluster.directory / "cluster.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    password = cluster.directory / "password"
    secret = read_password(cluster.password_file)
    write_private(password, secret.reveal(), account.uid, account.gid)
    access = ("--auth=scram-sha-256", f"--username={ADMINISTRATOR}", f"--pwfile={password}")
    initdb = [str(programs / "initdb"), "-D", str(fresh), "--data-checksums", *access, *_LOCALE]
    try:
        processes.run(
            Command(
                name="initdb",
                arguments=initdb,
                log=cluster.logs / "postgres.log",
                environment=_ENVIRONMENT,
                directory=Path("/"),
                as_user=account.options,
            ),
            _INITDB_SECONDS,
        )
    finally:
        password.unlink()
    fresh.rename(cluster.directory / "cluster")
