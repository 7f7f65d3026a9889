"""One engine and one running stack for all tests of the suite, and what takes long beside them."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.containers import base_image, programs
from scripts.containers.compose_tool import compose
from scripts.launcher.paths import ROOT
from scripts.local_stack.servers.ports import free_ports
from tests.compose.local_run import LocalRun
from tests.compose.stack import LOAD, PUBLISHED, Stack, run, variables_of
from tests.fixtures.image_leaks import GENERATED, images_with_secrets
from tests.fixtures.meeting import Meeting
from tests.support.engine import Engine, NoEngineError, engine

REMOVE = "docker compose --profile '*' down -v"


@pytest.fixture(scope="session")
def program() -> Path:
    """Return the pinned Compose."""
    return compose(os.environ)


@pytest.fixture(scope="session")
def docker_engine(meeting: Meeting, program: Path) -> Iterator[Engine]:
    """Return an engine: the machine's, or one for the time of all tests, so that this process need
    not wait for the guest before it goes on with other suites.

    Compose is there by then, as a guest expects.
    """
    assert program.exists()
    with meeting.hosted():  # also where no engine comes up, the guest need not wait for it
        try:
            with engine(os.environ) as running, meeting.hosted():
                if os.geteuid() == 0:  # anybody else's build finds it at the registry
                    base_image.ensure(running.host, os.environ)
                if running.is_ours:
                    remove_leftovers(running)
                yield running
        except NoEngineError as error:
            pytest.skip(str(error))


def remove_leftovers(own: Engine) -> None:
    """Remove what a run that was killed left in our engine, which nobody else uses by now."""
    docker = [programs.require("docker"), "--host", own.host]
    ours = ["--quiet", "--filter", "label=com.docker.compose.project"]
    for kind, listing, removal in (
        ("container", ["ls", "--all"], ["rm", "--force", "--volumes"]),
        ("volume", ["ls"], ["rm"]),
        ("network", ["ls"], ["rm"]),
    ):
        left = run([*docker, kind, *listing, *ours]).split()
        if left:
            run([*docker, kind, *removal, *left])


@pytest.fixture(scope="package")
def canary() -> str:
    """Return a key of the API that must be seen nowhere."""
    return f"canary{secrets.token_hex(12)}"


@pytest.fixture(scope="package")
def new_stack(
    program: Path,
    docker_engine: Engine,
    canary: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """Return a stack with built images that was never up; whatever is left of it is removed."""
    directory = tmp_path_factory.mktemp("stack")
    keys = directory / "keys"
    keys.mkdir(mode=0o755)
    directory.chmod(0o755)
    # Images by checkout: two checkouts do not take each other's, and the second run finds them.
    images = f"tapeline-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
    ports = free_ports(len(PUBLISHED))
    variables = variables_of(docker_engine, images, ports, keys) | LOAD
    project = f"tapeline-test-{secrets.token_hex(3)}"
    stack = Stack(program, docker_engine, project, ports[0], variables, directory)
    compile_sources()
    planted = ROOT / "secrets" / f"canary-{secrets.token_hex(4)}"
    planted.write_text(canary, encoding="utf-8")
    try:
        stack.compose("--profile", "*", "build", ALPHA_VANTAGE_KEY=canary)
    finally:
        planted.unlink()
    stack.documented.line(REMOVE)
    yield stack
    stack.typed(REMOVE)


def compile_sources() -> None:
    """Let Python write its __pycache__ folders before an image is built. They are no part of an
    image; yet where one comes into a folder later, an older BuildKit copies the folder again."""
    folders = [str(ROOT / name) for name in ("services", "sql", "scripts", "infra")]
    run([sys.executable, "-m", "compileall", "-q", *folders])


@pytest.fixture(scope="package")
def start_seconds(new_stack: Stack) -> float:
    """Start the stack from nothing; return the seconds until a reader sees a bar."""
    begin = time.monotonic()
    new_stack.typed("docker compose up -d --build")
    new_stack.wait_until_healthy(300)
    while new_stack.rows("select count(*) from events_stream") == [(0,)]:
        time.sleep(0.5)
    return time.monotonic() - begin


@pytest.fixture(scope="package")
def stack(new_stack: Stack, start_seconds: float) -> Stack:
    """Return the stack, which runs."""
    assert start_seconds > 0
    return new_stack


@pytest.fixture(scope="package")
def local_run(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """Begin a local run on the market of the stack; who asks first need not wait for it."""
    clock = stack.compose("exec", "-T", "simulator", "cat", "/run/market/clock").strip()
    local_run = LocalRun(tmp_path_factory.mktemp("local_run"), clock)
    yield local_run
    local_run.stop()


@pytest.fixture(scope="package")
def image_leaks(stack: Stack, canary: str) -> Iterator[Future[list[str]]]:
    """Begin to search all images for all secrets; who asks first need not wait for it."""
    wanted = {name: stack.secret(name) for name in GENERATED} | {"key": canary}
    with ThreadPoolExecutor(1) as executor:
        yield executor.submit(images_with_secrets, stack, wanted)
