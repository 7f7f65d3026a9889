"""The engine itself restarts: all that it ran comes back. After that it may have a guest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.compose.stack import Stack
from tests.compose.test_d_faults import NEW_ROW_SECONDS, RECOVERY_SECONDS, now, recovers
from tests.fixtures.meeting import Meeting


@pytest.fixture(autouse=True)
def ready_for_a_guest(stack: Stack, meeting: Meeting) -> Iterator[None]:
    """Announce the engine, whose images are built and which will not be restarted any more."""
    yield
    meeting.announce(stack.engine.host)


def test_all_comes_back_after_a_restart_of_the_engine(stack: Stack) -> None:
    if not stack.engine.is_ours:
        pytest.skip("the engine is the machine's own and may serve others")
    before = now(stack)
    stack.engine.restart()
    recovers(stack)
    assert now(stack) - before < timedelta(seconds=RECOVERY_SECONDS + NEW_ROW_SECONDS + 60)
