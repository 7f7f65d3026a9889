"""What a stack published before, also while the engine is writing its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from infra.preconditions import published


@dataclass
class Answer:
    """What `pulumi.runtime.invoke` returns."""

    value: Mapping[str, Any]


class Engine:
    """Refuses some calls, then tells the outputs."""

    def __init__(self, *refusals: str) -> None:
        self._refusals = list(refusals)

    def ask(self, token: str, _: Mapping[str, Any]) -> Answer:
        """Answer one call of the program."""
        if self._refusals:
            raise Exception(f"invoke of {token} failed: {self._refusals.pop(0)}")  # noqa: TRY002
        return Answer({"outputs": {"cloud": "hcloud"}})


def test_a_state_that_is_being_written_is_waited_out() -> None:
    engine = Engine("failed to load checkpoint: EOF", "an error:\nfailed to load checkpoint: EOF\n")
    assert published(engine.ask) == {"cloud": "hcloud"}


def test_another_refusal_is_told() -> None:
    with pytest.raises(Exception, match="access denied"):
        published(Engine("access denied").ask)
