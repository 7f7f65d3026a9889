"""The engine itself restarts: all that it ran comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.compose.stack import Stack
from tests.compose.test_d_faults import NEW_ROW_SECONDS, RECOVERY_SECONDS, now, recovers
from tests.fixtures.meeting import Meeting


def test_all_comes_back_after_a_restart_of_the_engine(stack: Stack, meeting: Meeting) -> None:
    if not stack.engine.is_ours:
        pytest.skip("the engine is the machine's own and may serve others")
    with meeting.alone():
        before = now(stack)
        stack.engine.restart()
        recovers(stack)
        assert now(stack) - before < timedelta(seconds=RECOVERY_SECONDS + NEW_ROW_SECONDS + 60)
