"""A secret shows nothing of itself, whatever prints it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest

from services.common.secret import Secret

SECRET = Secret("hunter2")


@dataclass(frozen=True)
class Holder:
    key: Secret
    name: str = "x"


@pytest.mark.parametrize(
    "shown",
    [
        str(SECRET),
        repr(SECRET),
        f"{SECRET}",
        f"{SECRET!r:>20}",
        "%s" % SECRET,  # noqa: UP031 - the form that logging uses
        repr(Holder(SECRET)),
        str([SECRET]),
        repr(replace(Holder(SECRET), name="y")),
    ],
    ids=["str", "repr", "f-string", "padded", "percent", "in a dataclass", "in a list", "a copy"],
)
def test_no_way_of_printing_shows_it(shown: str) -> None:
    assert "hunter2" not in shown


def test_reveal_is_the_only_way_in() -> None:
    assert SECRET.reveal() == "hunter2"
    with pytest.raises(TypeError):
        json.dumps(SECRET)


def test_redact_replaces_every_occurrence() -> None:
    assert SECRET.redact("a=hunter2&b=hunter2") == "a=***&b=***"
    assert SECRET.redact("nothing") == "nothing"


def test_an_empty_secret_is_false_and_redacts_nothing() -> None:
    assert not Secret("")
    assert Secret("").redact("text") == "text"
    assert SECRET
