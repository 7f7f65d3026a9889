"""Holds what Alertmanager has said against what a fault was to raise. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scripts.chaos_testing.alerting.expectations import BACKGROUND, Expectation

_ALWAYS = ("Watchdog", "TestMessage")


@dataclass(frozen=True)
class Message:
    """An alert as it was told: at this monotonic instant, in seconds."""

    at: float
    alert: str
    labels: str
    fires: bool


def messages(body: dict[str, Any], at: float) -> list[Message]:
    """Return what a message to a webhook says of alerts that are not always on."""
    return [
        Message(
            at,
            one["labels"]["alertname"],
            ",".join(f"{key}={value}" for key, value in sorted(one["labels"].items())),
            one["status"] == "firing",
        )
        for one in body["alerts"]
        if one["labels"]["alertname"] not in _ALWAYS
    ]


def firing(heard: Iterable[Message]) -> list[str]:
    """Return the labels of those that were told, whose end was not, but for the background."""
    state = {one.labels: one for one in heard}
    return sorted(
        labels for labels, one in state.items() if one.fires and one.alert not in BACKGROUND
    )


def first_told(heard: Iterable[Message], alert: str, since: float) -> float | None:
    """Return when an alert was first told to fire since an instant."""
    return next(
        (one.at for one in heard if one.at >= since and one.fires and one.alert == alert), None
    )


def complaints(
    fault: str,
    expected: Expectation,
    heard: Iterable[Message],
    begun: float,
    limit_seconds: float,
) -> list[str]:
    """Return what is wrong with the messages since the fault before, each as a line."""
    heard, found = [*heard], []
    if expected.alert:
        told = first_told(heard, expected.alert, begun)
        if told is None:
            found.append(f"{fault}: {expected.alert} was not told")
        elif told - begun > limit_seconds:
            found.append(
                f"{fault}: {expected.alert} was told after {told - begun:.0f} s, "
                f"{limit_seconds:.0f} are allowed"
            )
    fitting = {expected.alert, *expected.also, *BACKGROUND}
    strange = {one.alert for one in heard if one.fires} - fitting
    found += [f"{fault}: {name} was told, and does not fit" for name in sorted(strange)]
    return found
