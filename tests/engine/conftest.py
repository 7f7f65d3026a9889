"""The engine, and for each cloud one stack that its tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.engine_events import Changes
from tests.engine.settings import settings_of
from tests.engine.trial import ACCEPTED_WARNINGS, Trial, trial
from tests.support.pulumi_tool import pulumi
from tests.unit.infra.stacks import CLOUDS


def pytest_configure(config: pytest.Config) -> None:
    """Accept what the SDKs warn of."""
    for line in ACCEPTED_WARNINGS:
        config.addinivalue_line("filterwarnings", line)


@pytest.fixture(scope="session")
def program() -> Path:
    """Return the pinned engine."""
    return pulumi(os.environ)


@pytest.fixture(scope="module", params=CLOUDS)
def cloud(request: pytest.FixtureRequest) -> str:
    """Return each cloud's name in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def made(
    cloud: str, program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Trial, Changes]]:
    """Yield a stack after its first `pulumi up`, and what that did."""
    with trial(program, tmp_path_factory.mktemp(cloud), settings_of(cloud)) as new:
        yield new, new.up()
