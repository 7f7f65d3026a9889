"""The health gate: what Compose prints in, whether all is well out."""

from __future__ import annotations

import pytest

from scripts.operations.errors import OperationError
from scripts.operations.releases import health
from scripts.operations.releases.health_gate import await_health
from tests.unit.operations.fakes import listed, operation
from tests.unit.operations.releases.answers import BAD, GOOD


def test_health_is_read_from_what_compose_prints() -> None:
    found = health.parse(listed(kafka="healthy", topics="exited 1", stream="starting", x="created"))
    assert found.states == {
        "kafka": "healthy",
        "topics": "exited 1",
        "stream": "starting",
        "x": "created",
    }
    assert not found.is_good
    assert str(found) == "stream starting, topics exited 1, x created"
    assert health.parse(GOOD).is_good
    assert not health.parse("").is_good


def test_a_container_of_which_nothing_is_known_yet_is_not_well() -> None:
    assert health.parse(listed(kafka="healthy", stream="running")).unwell == {"stream": "running"}


def test_the_worst_container_of_a_service_counts() -> None:
    text = "\n".join([listed(worker="unhealthy"), listed(worker="healthy")])
    assert health.parse(text).states == {"worker": "unhealthy"}


def test_the_gate_says_what_it_waits_for_and_shows_the_log_of_what_is_not_well() -> None:
    one, shell, said = operation({"ps --all --format": BAD, "logs": "stream: no route to postgres"})
    with pytest.raises(
        OperationError, match=r"not well after 9 s: stream unhealthy\nstream: no ro"
    ):
        await_health(one, 9)
    assert said == ["waiting for stream unhealthy"]
    assert shell.ran[-1].endswith("logs --no-color --tail 25 stream")
