"""Which alert each fault is to raise. Pure; docs/alerts.md shows the table.

A fault that heals before anybody could act raises none. The others last until their alert has come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Expectation:
    """The alert that a fault raises ("": none), those that may come with it, and why."""

    alert: str
    why: str
    also: tuple[str, ...] = ()


BACKGROUND: Final = {
    "RecordsRejectedFast": "Three in a hundred records of the load are bad, on purpose.",
    "RecordsRejectedSlowly": "As before.",
    "StreamRetries": "Counts 15 minutes, and with them the faults before.",
    "StreamLags": "What the faults before have held up is still read after five minutes.",
    "ApiAnswersFail": "Counts 15 minutes, and with them the faults before.",
}
"""Alerts of the run as a whole, which belong to no fault, and why they may come."""

_SOON: Final = "starts again within seconds"
_WAITS: Final = "batches wait"
_AWAY: Final = "the database tells so itself"
_GONE: Final = "does not answer, as one that hangs"
_SAFE: Final = "one batch is tried again"

EXPECTED: Final[Mapping[str, Expectation]] = {
    **{
        f"{verb} {name}": Expectation("", _SOON)
        for name in ("stream", "kafka", "postgres", "producer")
        for verb in ("kill", "terminate")
    },
    **{
        f"{verb} simulator": Expectation(
            "", f"{_SOON}; three calls may fail meanwhile", ("ApiAway",)
        )
        for verb in ("kill", "terminate")
    },
    "pause stream": Expectation("TargetGone", _GONE, ("StreamStalled",)),
    "pause kafka": Expectation("StreamStalled", _WAITS),
    "pause postgres": Expectation("DatabaseAway", _GONE, ("StreamStalled",)),
    "pause producer": Expectation("TargetGone", _GONE, ("ProducerHangs", "KafkaTakesNothing")),
    "pause simulator": Expectation("ApiAway", "the API does not answer", ("BarsStale",)),
    "reset in COPY": Expectation("", _SAFE),
    "lose COMMIT": Expectation("", _SAFE),
    "black hole": Expectation("StreamStalled", "the database's answers are lost"),
    "lock": Expectation("StreamStalled", "somebody locks the table"),
    "replay": Expectation("", "ordinary work"),
    "lose checkpoint": Expectation("", _SOON),
    "second stream refused": Expectation("", "the second one ends; the first goes on"),
    "stay away kafka": Expectation("StreamStalled", _WAITS, ("KafkaTakesNothing",)),
    "stay away postgres": Expectation("DatabaseAway", _AWAY, ("StreamStalled",)),
    "add column": Expectation("", "ordinary work"),
    "kill in merge": Expectation("", _SOON),
    "clock ahead producer+stream": Expectation("ClockOff", "an hour off", ("BarsStale",)),
    "clock behind producer+stream": Expectation("ClockOff", "an hour off", ("BarsStale",)),
    "fill disk postgres": Expectation("StreamStalled", _WAITS, ("DatabaseAway",)),
    "fill log postgres": Expectation("StreamStalled", _WAITS, ("DatabaseAway",)),
    "fill disk kafka": Expectation("KafkaTakesNothing", "no room in Kafka", ("StreamStalled",)),
    "nothing": Expectation("", "nothing happens"),
}


def table() -> str:
    """Return the faults and their alerts as a table of Markdown."""
    lines = ["| fault | alert | why |", "|---|---|---|"]
    for fault, expected in EXPECTED.items():
        names = " or also ".join(
            f"[{name}](#{name.lower()})" for name in (expected.alert, *expected.also) if name
        )
        lines.append(f"| {fault} | {names or 'none'} | {expected.why} |")
    return "\n".join(lines)
