"""Plans faults: those of an episode from its seed, or each kind once. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass

from services.common import fail_points

LOAD_SECONDS = 4.0
_POINTS = [name for name in fail_points.POINTS if name.startswith(("sink.", "job."))]
_EDGE = ("producer", "simulator")
_STARTING_SECONDS = 3.0
_CLOCK_SECONDS = 8.0
_DISK_SECONDS = 12.0
_LOG_SECONDS = 4.0
_CALM_SECONDS = 2.0
REFUSED = "refused"
"""The target of a second stream that is left alone until it has refused to start."""

# What random episodes draw from; the others need a disk of their own, or minutes.
_KINDS = {
    "kill": ("stream", "stream", "kafka", "postgres"),
    "terminate": ("stream", "kafka", "postgres"),
    "pause": ("stream", "kafka", "postgres"),
    "reset in COPY": ("",),
    "lose COMMIT": ("",),
    "black hole": ("",),
    "lock": ("",),
    "replay": ("",),
    "lose checkpoint": ("",),
    "second stream": ("",),
    "die at": (*_POINTS,),
}
# A replay of everything takes as long as several episodes.
_WEIGHTS = [0.3 if kind == "replay" else 1.0 for kind in _KINDS]


@dataclass(frozen=True)
class Fault:
    """A fault: what, to whom, when in the episode, for how long, and a number some of them use."""

    kind: str
    target: str
    at_seconds: float
    seconds: float
    number: int

    @property
    def name(self) -> str:
        """What happens, to whom."""
        return f"{self.kind} {self.target}".strip()

    def __str__(self) -> str:
        return f"{self.name} @{self.at_seconds:.1f}s"


def draw(seed: int, longest_seconds: float) -> list[Fault]:
    """Return the faults of an episode, in the order of their moments."""
    dice = random.Random(seed)  # noqa: S311 - a schedule, no secret
    faults = []
    for _ in range(dice.randint(1, 3)):
        [(kind, targets)] = dice.choices(tuple(_KINDS.items()), weights=_WEIGHTS)
        faults.append(
            Fault(
                kind=kind,
                target=dice.choice(targets),
                at_seconds=round(dice.uniform(0.3, LOAD_SECONDS - 1), 1),
                seconds=round(dice.uniform(1, longest_seconds), 1),
                number=dice.randrange(500, 8_000),
            )
        )
    return sorted(faults, key=lambda fault: fault.at_seconds)


def each(away_seconds: float, pause_seconds: float) -> list[list[Fault]]:
    """Return an episode for every fault that needs neither a producer nor a disk of its own."""
    lasting = {
        "pause": pause_seconds,
        "stay away": away_seconds,
        "black hole": 3.0,
        "lock": 3.0,
        "kill in merge": 1.0,
        "second stream": 1.0,
    }
    further = {
        "second stream": (REFUSED,),
        "stay away": ("kafka", "postgres"),
        "add column": ("",),
        "kill in merge": ("",),
    }
    kinds = {**_KINDS, **further}
    return [
        [Fault(kind, target, 1.0, lasting.get(kind, 60.0), 3_000)]
        for kind, targets in kinds.items()
        if kind != "die at"  # a test of its own goes through the points
        for target in dict.fromkeys(targets)
    ]


def each_on_a_market(away_seconds: float, pause_seconds: float) -> list[Fault]:
    """Return the faults that a run with a real producer adds: its own, its source's, wrong clocks,
    full disks, and Kafka gone for longer than a delivery may take. They are for one after another:
    the moment of each counts from the end of the one before."""
    wanted = [
        *((kind, target, _STARTING_SECONDS) for kind in ("kill", "terminate") for target in _EDGE),
        *(("pause", target, pause_seconds) for target in _EDGE),
        ("clock ahead", "producer+stream", _CLOCK_SECONDS),
        ("clock behind", "producer+stream", _CLOCK_SECONDS),
        ("stay away", "kafka", away_seconds),
        ("fill disk", "postgres", _DISK_SECONDS),
        ("fill log", "postgres", _LOG_SECONDS),
        ("fill disk", "kafka", _DISK_SECONDS),
    ]
    return [Fault(kind, target, _CALM_SECONDS, seconds, 0) for kind, target, seconds in wanted]
