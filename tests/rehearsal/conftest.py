"""One machine for all tests of the suite; they build on one another, in the order of the file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

import pytest

from scripts.containers import base_image
from scripts.containers.compose_tool import compose
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import ROOT
from tests.compose.stack import PUBLISHED, run, variables_of
from tests.engine.trial import ACCEPTED_WARNINGS
from tests.fixtures.meeting import Meeting
from tests.rehearsal.docker_resources import Docker
from tests.rehearsal.stand_in import StandIn
from tests.support.pulumi_tool import pulumi

PROFILES = ("--profile", "observe")
"""What runs at times besides."""


def pytest_configure(config: pytest.Config) -> None:
    """Accept what the SDKs of Pulumi warn of."""
    for line in ACCEPTED_WARNINGS:
        config.addinivalue_line("filterwarnings", line)


@pytest.fixture(scope="package")
def machine(meeting: Meeting, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """Yield a stack of which nothing is made yet, and the images built beside it."""
    desk = tmp_path_factory.mktemp("desk")
    try:
        with meeting.guest() as running:
            program = compose(os.environ)
            base_image.ensure(running.host, os.environ)
            images = f"tapeline-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
            variables = variables_of(running, images, range(50000, 50000 + len(PUBLISHED)), desk)
            run([str(program), "--project-name", "rehearsal-build", *PROFILES, "build"], variables)
            made = StandIn(Docker(running.host), images, program, desk)
            with made.made_by(pulumi(os.environ)):
                yield made
    except SetupError as error:
        pytest.skip(str(error))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Leave out what builds on a step that has failed: one cause, one failure."""
    before = getattr(item.session, "_rehearsal_failed", "")
    if before:
        pytest.fail(f"not tried: {before} had failed", pytrace=False)
    try:
        return (yield)
    except Exception:
        if any(word in item.name for word in ("deploy", "host_is_brought", "brings", "destroy")):
            item.session._rehearsal_failed = item.name  # type: ignore[attr-defined]
        raise
