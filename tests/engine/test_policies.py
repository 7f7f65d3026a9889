"""The policy pack beside the engine: what it lets pass and what it stops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.settings import settings_of
from tests.engine.trial import Trial, trial

FIREWALL = "hcloud:index/firewall:Firewall"


@pytest.fixture(scope="module")
def stack(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """Yield a stack that is not made yet."""
    with trial(program, tmp_path_factory.mktemp("judged"), settings_of("hcloud")) as new:
        yield new


def test_what_the_program_makes_passes(stack: Trial) -> None:
    assert stack.judged() == {}


def test_a_database_open_to_the_world_is_stopped(stack: Trial) -> None:
    stack.up()
    [before] = stack.world.of_type(FIREWALL)
    open_to_all = {"powerBiCidrs": "0.0.0.0/0", "worldOpenPostgres": "yes, from anywhere"}
    assert stack.judged(**open_to_all) == {
        "postgres-open-to-the-world": ("mandatory", "Firewall firewall", "opens 5432 to the world")
    }
    assert stack.world.of_type(FIREWALL) == [before]
