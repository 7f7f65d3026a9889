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


@pytest.mark.parametrize(
    ("coming", "round_seconds", "wanted"),
    [
        # Nothing was to be done: it waits for word, and then looks for requests by itself.
        ({}, 0.0, (True, 1.0)),
        ({100.5: "alerts"}, 0.0, (False, 0.5)),
        ({100.25: "alert_requests"}, 0.0, (True, 0.25)),
        # A round: work waits for the end of the rest, a request does not.
        ({}, 0.25, (False, 0.75)),
        ({100.25: "alerts", 100.5: "alerts"}, 0.25, (False, 0.75)),
        ({100.25: "alerts", 100.5: "alert_requests"}, 0.25, (True, 0.5)),
        # However long the round was.
        ({}, 60.0, (False, 3.0)),
        ({102.5: "alert_requests"}, 60.0, (True, 2.5)),
    ],
)
def test_it_rests_after_a_round_and_waits_without_one(
    coming: dict[float, str], round_seconds: float, wanted: tuple[bool, float]
) -> None:
    assert waited(Notices(coming), round_seconds) == wanted


def test_it_rests_no_more_once_it_is_to_stop() -> None:
    notices, stopping = Notices(), Event()
    stopping.set()
    assert not Pace(notices, stopping, notices.now).wait(60.0)
    assert notices.waits == 0
