"""One run of docker-compose.yml: commands of Compose and of the engine in, what they say out."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from scripts.containers import base_image, programs
from scripts.installation.java import QUICK
from scripts.launcher.paths import ROOT
from scripts.operations.credentials import passwords
from scripts.operations.target import LOCAL
from tests.documents import Documented
from tests.fixtures.live import wait_for
from tests.support.engine import Engine

COMMAND_SECONDS = 1500.0
BASE_IMAGE = base_image.base_name((ROOT / "docker-compose.yml").read_text("utf-8"))
LONG_RUNNING = (
    "kafka",
    "simulator",
    "producer",
    "postgres",
    "spark-master",
    "spark-worker",
    "stream",
    "dashboard",
)
ONCE = ("secrets", "topics", "migrate")
PUBLISHED = (
    "POSTGRES_PUBLISHED",
    "DASHBOARD_PUBLISHED",
    "SPARK_MASTER_PUBLISHED",
    "SPARK_DRIVER_PUBLISHED",
    "PGADMIN_PUBLISHED",
    "KAFKA_UI_PUBLISHED",
    "FRONT_PUBLISHED",
    "FRONT_HTTP_PUBLISHED",
)
READER = "dashboard_reader"
# Two cores are shared: a batch after the other would take one of them for three bars a second, and
# what Java's second compiler makes of it would not pay before the next fault.
FRUGAL = {
    "TRIGGER_SECONDS": "2",
    "SPARK_JAVA_OPTIONS": QUICK,
    "KAFKA_JAVA_OPTIONS": QUICK,
}
# Enough to be a load, at a pace at which no night falls on the market while the tests run.
LOAD = {
    "SYMBOLS": "AAPL,TSLA,MSFT,AMZN,NVDA,GOOG,META,INTC,AMD,IBM,ORCL,CSCO",
    "SIMULATOR_SPEED": "15",
    **FRUGAL,
}


def run(command: Sequence[str], variables: dict[str, str] | None = None) -> str:
    """Run a command to its end and return what it printed; fail with all it said."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-6000:]}"
    return done.stdout


@dataclass
class Stack:
    """A project of Compose with a name, a port and a folder for the key of its own."""

    program: Path
    engine: Engine
    project: str
    port: int
    variables: dict[str, str]
    directory: Path
    secrets: dict[str, str] = field(default_factory=dict)
    documented: Documented = field(default_factory=lambda: Documented("compose"))

    def typed(self, beginning: str, **extra: str) -> str:
        """Run the documented command that begins so, by a shell, about this project."""
        return run(["sh", "-c", self.documented.line(beginning)], self._as_typed() | extra)

    def _as_typed(self) -> dict[str, str]:
        """Return an environment in which `docker compose` is the pinned one and this project's."""
        plugins = self.directory / "docker" / "cli-plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        if not (plugins / "docker-compose").exists():
            (plugins / "docker-compose").symlink_to(self.program)
        docker = Path(programs.require("docker"))
        return self.variables | {
            "PATH": f"{docker.parent}:{self.variables['PATH']}",
            "DOCKER_CONFIG": str(self.directory / "docker"),
            "COMPOSE_PROJECT_NAME": self.project,
        }

    def compose(self, *arguments: str, **extra: str) -> str:
        """Run `docker compose …` in the checkout."""
        command = [str(self.program), "--project-name", self.project, *arguments]
        return run(command, {**self.variables, **extra})

    def docker(self, *arguments: str) -> str:
        """Run `docker …` against the same engine."""
        return run([programs.require("docker"), *arguments], self.variables)

    def container(self, service: str) -> str:
        """Return the id of the first container of a service."""
        return self.compose("ps", "--all", "--quiet", service).split()[0]

    def containers(self) -> dict[str, Any]:
        """Return what `docker inspect` says of each container, by its id."""
        ours = f"label=com.docker.compose.project={self.project}"
        ids = self.docker("ps", "--all", "--quiet", "--no-trunc", "--filter", ours).split()
        found = json.loads(self.docker("inspect", *ids)) if ids else []
        lasting = "com.docker.compose.oneoff", "False"
        return {one["Id"]: one for one in found if lasting in one["Config"]["Labels"].items()}

    def health(self) -> dict[str, str]:
        """Return how each container is: its health, or its exit code once it has ended."""
        states = {}
        for one in self.containers().values():
            name, state = one["Config"]["Labels"]["com.docker.compose.service"], one["State"]
            ended = f"{state['Status']} {state['ExitCode']}"
            alive = state["Running"] and not state["Restarting"]
            states[name] = state.get("Health", {}).get("Status", "running") if alive else ended
        return states

    def wait_until_healthy(self, seconds: float) -> None:
        """Wait until every service is healthy, and those that run once have succeeded."""
        wanted = dict.fromkeys(LONG_RUNNING, "healthy") | dict.fromkeys(ONCE, "exited 0")
        wait_for(
            lambda: wanted.items() <= self.health().items(), f"health: {self.health()}", seconds
        )

    def show_secret(self, name: str) -> str:
        """Return one of the generated secrets, as a person would read it."""
        here = replace(LOCAL, compose_words=(str(self.program), "--project-name", self.project))
        return run(["sh", "-c", passwords.show_made(here, name)], self.variables).strip()

    def secret(self, name: str) -> str:
        """Return the same, asked for once: they never change."""
        if name not in self.secrets:
            self.secrets[name] = self.show_secret(name)
        return self.secrets[name]

    def authority(self) -> Path:
        """Return a file with the certificate of the stack's own authority."""
        file = self.directory / "ca.crt"
        if not file.exists():
            file.write_text(self.secret("ca.crt") + "\n", encoding="utf-8")
        return file

    @contextmanager
    def connection(self, role: str = READER) -> Iterator[psycopg.Connection]:
        """Connect from the host: TLS, with the server's name and certificate checked."""
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname="market",
            user=role,
            password=self.secret(f"{role}_password"),
            sslmode="verify-full",
            sslrootcert=str(self.authority()),
            connect_timeout=10,
            autocommit=True,
        ) as connection:
            yield connection

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query as the reader sees them."""
        with self.connection() as connection:
            return connection.execute(query.encode()).fetchall()

    def newest_write(self) -> datetime:
        """Return when a row was last written."""
        [(newest,)] = self.rows("select max(updated_at) from bi.events_stream")
        assert isinstance(newest, datetime)
        return newest

    def reconcile(self) -> None:
        """Fail unless every record of Kafka is accounted for in the table, once."""
        self.compose("exec", "-T", "stream", "python", "-m", "services.stream.reconcile")

    def tool(self, network: str, *command: str) -> str:
        """Run a command in a container of its own, a neighbour on one of the stack's networks."""
        image = f"{self.variables['TAPELINE_IMAGES']}/stream:0.1.0"
        at = ["--network", f"{self.project}_{network}", "--entrypoint", command[0]]
        return self.docker("run", "--rm", *at, image, *command[1:])


def variables_of(
    engine: Engine, images: str, ports: Sequence[int], secrets: Path
) -> dict[str, str]:
    """Return the environment in which Compose runs, with nothing of the caller's own settings."""
    mirrors = ("PIP_INDEX_URL", "UV_INDEX_URL", "MAVEN_REPOSITORY_URL", "NPM_CONFIG_REGISTRY")
    kept = ("PATH", "HOME", *mirrors)
    own = {name: os.environ[name] for name in kept if name in os.environ}
    bundle = Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
    if bundle.exists():
        own["BUILD_CA_FILE"] = str(bundle)
    return (
        own
        | {
            "DOCKER_HOST": engine.host,
            "BASE_IMAGE": BASE_IMAGE,
            "TAPELINE_IMAGES": images,
            "TAPELINE_SECRETS": str(secrets),
        }
        | dict(zip(PUBLISHED, (f"127.0.0.1:{port}" for port in ports), strict=True))
    )
