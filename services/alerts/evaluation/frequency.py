"""How often a rule tells: the bars at which a condition holds in, those that are told out. Pure.

Whether one is told depends on those before it alone, so that a change begins to matter where it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from services.alerts.rules.model import Rule


class Hit(NamedTuple):
    """A bar at which a condition holds."""

    time: datetime
    session: date


def tells_each(rule: Rule) -> bool:
    """Return whether every hit is told, whatever came before it."""
    return rule.frequency == "each" and not rule.cool_down


def told(rule: Rule, last: Hit | None, hits: Iterable[Hit]) -> set[datetime]:
    """Return the times of the hits that are told; `last` was told before them. They are in the
    order of time."""
    found = set()
    for hit in hits:
        if last is None or _may_follow(rule, last, hit):
            found.add(hit.time)
            last = hit
    return found


def _may_follow(rule: Rule, last: Hit, hit: Hit) -> bool:
    if rule.frequency == "once":
        return False
    if rule.frequency == "session" and last.session == hit.session:
        return False
    return (hit.time - last.time).total_seconds() >= rule.cool_down
