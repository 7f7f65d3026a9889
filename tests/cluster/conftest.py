"""A cluster of two nodes with the product's images, for all tests of the suite."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.containers import base_image
from scripts.containers.compose_tool import compose
from scripts.kubernetes_cluster import images
from scripts.kubernetes_cluster.cluster import Cluster, cluster
from scripts.kubernetes_cluster.main import SERVICES
from scripts.kubernetes_cluster.server_programs import server_programs
from scripts.launcher.paths import CACHE, ROOT
from tests.cluster.trial import Trial
from tests.compose.stack import PUBLISHED, run, variables_of
from tests.support.engine import engine


@pytest.fixture(scope="session")
def image_names() -> str:
    """Return what the images' names begin with: those of this checkout, as in the suite compose."""
    return f"tapeline-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"


@pytest.fixture(scope="session")
def archives(image_names: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the images and return a folder with all of them."""
    folder = tmp_path_factory.mktemp("archives")
    pause = server_programs(os.environ) / "pause"
    with engine(os.environ) as running:
        base_image.ensure(running.host, os.environ)
        variables = variables_of(running, image_names, [0] * len(PUBLISHED), folder)
        run([str(compose(os.environ)), "--profile", "*", "build", *SERVICES], variables)
        names = [f"{image_names}/{one}:0.1.0" for one in SERVICES]
        images.save(running.host, names, pause, folder)
    return folder


@pytest.fixture(scope="session")
def two_nodes(archives: Path) -> Iterator[Cluster]:
    """Return the cluster."""
    CACHE.mkdir(exist_ok=True)
    with cluster(CACHE / f"cluster-{secrets.token_hex(3)}", archives, os.environ) as running:
        yield running


@pytest.fixture(scope="session")
def trial(two_nodes: Cluster, image_names: str, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Return a namespace in which nothing but restricted pods may be, with passwords."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "passwords").mkdir(mode=0o700)
    two_nodes.write_clients(folder / "bin")
    ready = Trial(two_nodes, image_names, folder)
    for beginning in (
        *("kubectl create namespace", "kubectl label namespace", "for name in", "openssl rand"),
        "kubectl create secret generic tapeline-passwords",
    ):
        ready.typed(beginning)
    return ready
