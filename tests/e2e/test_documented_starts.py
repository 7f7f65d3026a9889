"""Each start of a demo that the documents have, as it is written, by a shell.

They have a file of their own: the demo that the other commands are typed at goes on and on.
"""

from __future__ import annotations

import re

import pytest

from tests.documents import commands
from tests.e2e.person import COMMAND_SECONDS, KEPT, START_SECONDS, Home
from tests.fixtures.live import wait_for

STARTS = [line for line in commands("demo") if "scripts/demo" in line and line != KEPT]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("line", STARTS)
def test_a_demo_starts_and_ends_well(line: str, home: Home) -> None:
    with home.typed(line) as (process, said):
        wait_for(
            lambda: b"Tapeline runs." in said.read_bytes() or process.poll() is not None,
            line,
            START_SECONDS,
        )
        if "--seconds" in line:
            assert process.wait(COMMAND_SECONDS) == 0
        wait_for(lambda: re.search(rb"stored [1-9]", said.read_bytes()) is not None, "bars", 120)
    assert process.returncode == 0, said.read_text("utf-8")
    assert "The run of " in said.read_text("utf-8")
