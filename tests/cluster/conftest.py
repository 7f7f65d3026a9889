"""A real API server of Kubernetes, with the namespace that the document makes, for all tests."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scripts.kubernetes_cluster.api_server import ApiServer, api_server
from scripts.launcher.paths import CACHE, ROOT
from tests.documents import Documented

NAMESPACE = "market"


@dataclass
class Trial:
    """An API server, and a folder for what a person would keep at home."""

    server: ApiServer
    folder: Path
    documented: Documented = field(default_factory=lambda: Documented("cluster"))

    def kubectl(self, *arguments: str, given: str = "") -> str:
        """Run kubectl in the namespace; fail with all it said."""
        done = self.server.run("kubectl", f"--namespace={NAMESPACE}", *arguments, given=given)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def typed(self, beginning: str) -> str:
        """Run the documented command that begins so, by a shell in the checkout."""
        own = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "PASSWORDS": str(self.folder / "passwords"),
            "VALUES": str(self.folder / "values.yaml"),
        }
        done = subprocess.run(
            ["sh", "-c", self.documented.line(beginning)],
            cwd=ROOT,
            env={**os.environ, **own},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Warning" not in done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def server() -> Iterator[ApiServer]:
    """Return an API server."""
    CACHE.mkdir(exist_ok=True)
    with api_server(CACHE / f"api-server-{secrets.token_hex(3)}", os.environ) as running:
        yield running


@pytest.fixture(scope="session")
def trial(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Return a namespace in which nothing but restricted pods may be, with passwords."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "passwords").mkdir(mode=0o700)
    server.write_clients(folder / "bin")
    ready = Trial(server, folder)
    for beginning in (
        *("kubectl create namespace", "kubectl label namespace", "for name in", "openssl rand"),
        "kubectl create secret generic tapeline-passwords",
    ):
        ready.typed(beginning)
    # What one of Kubernetes' controllers makes in each namespace.
    ready.kubectl("create", "serviceaccount", "default")
    return ready
