"""When evaluation rests, and what ends a rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event

import pytest

from services.alerts.pace import Pace


@dataclass
class Notices:
    """A clock, and channels by the second at which word of them comes."""

    coming: dict[float, str] = field(default_factory=dict)
    seconds: float = 100.0
    waits: int = 0

    def heard(self, seconds: float) -> set[str]:
        self.waits += 1
        due = [at for at in self.coming if at <= self.seconds + seconds]
        self.seconds = max(self.seconds, min(due)) if due else self.seconds + seconds
        return {self.coming.pop(at) for at in due if at <= self.seconds}

    def now(self) -> float:
        return self.seconds


def waited(notices: Notices, round_seconds: float) -> tuple[bool, float]:
    is_asked = Pace(notices, Event(), notices.now).wait(round_seconds)
    return is_asked, notices.seconds - 100


def stored(until: float) -> dict[float, str]:
    """Return word of what is stored, every quarter of a second."""
    return {100 + number / 4: "alerts" for number in range(1, round(until * 4))}


@pytest.mark.parametrize(
    ("coming", "round_seconds", "wanted"),
    [
        # Nothing was to be done: it waits for word, and then looks for requests by itself.
        ({}, 0.0, (True, 1.0)),
        ({100.5: "alerts"}, 0.0, (False, 0.5)),
        ({100.25: "alert_requests"}, 0.0, (True, 0.25)),
        # A round: work waits for the end of the rest, a request does not.
        (stored(9), 0.125, (False, 1.5)),
        ({**stored(9), 100.625: "alert_requests"}, 0.125, (True, 0.625)),
        # However long the round was.
        (stored(9), 60.0, (False, 3.0)),
        # Nothing more is stored.
        ({}, 0.0625, (False, 0.75)),
        ({}, 60.0, (False, 1.0)),
        (stored(1), 60.0, (False, 1.75)),
    ],
)
def test_it_rests_after_a_round_and_waits_without_one(
    coming: dict[float, str], round_seconds: float, wanted: tuple[bool, float]
) -> None:
    assert waited(Notices(coming), round_seconds) == wanted


def test_a_load_that_lasts_gets_more() -> None:
    notices = Notices(stored(60))
    pace = Pace(notices, Event(), notices.now)
    rests = []
    for _ in range(15):
        before = notices.seconds
        assert not pace.wait(0.125)
        rests.append(notices.seconds - before)
    assert rests == [1.5] * 14 + [0.375]
    # It has caught up: what comes next is another burst.
    pace.wait(0.0)
    before = notices.seconds
    pace.wait(0.125)
    assert notices.seconds - before == 1.5


def test_it_rests_no_more_once_it_is_to_stop() -> None:
    notices, stopping = Notices(), Event()
    stopping.set()
    assert not Pace(notices, stopping, notices.now).wait(60.0)
    assert notices.waits == 0
