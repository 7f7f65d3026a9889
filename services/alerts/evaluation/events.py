"""An alert as it is kept, what may become of it, and what is told of that. Pure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from services.alerts.rules.conditions import Figures
from services.alerts.rules.model import ActiveRule

FIRED: Final = "fired"
HELD_BACK: Final = "held_back"
RETRACTED: Final = "retracted"

TELL_FIRED: Final = "alert.fired"
TELL_RETRACTED: Final = "alert.retracted"
TELL_REINSTATED: Final = "alert.reinstated"
_NAMESPACE: Final = uuid.UUID("3d0e6a5e-4a5c-5f0d-9a53-8f2b6f4f7c11")


@dataclass(frozen=True)
class Event:
    """A row of alerts.events: what a rule found at a bar. Of an odd number of messages the last
    one said that it fired; of an even one, that it did not, or nothing was said."""

    rule_id: int
    symbol: str
    interval: str
    bar_time: datetime
    session: date
    state: str
    figures: Figures
    is_late: bool = False
    messages: int = 0

    @property
    def is_told(self) -> bool:
        """Whether those who were told believe that it fired."""
        return self.messages % 2 == 1


@dataclass(frozen=True)
class Change:
    """What becomes of an event: `after` None removes it, of which nothing was ever told."""

    active: ActiveRule
    before: Event | None
    after: Event | None

    @property
    def message(self) -> str | None:
        """Return the type of the message that tells of it, if one does."""
        if self.after is None or self.after.messages == (
            self.before.messages if self.before else 0
        ):
            return None
        if not self.after.is_told:
            return TELL_RETRACTED
        return TELL_FIRED if self.after.messages == 1 else TELL_REINSTATED


def event_id(active: ActiveRule, symbol: str, bar_time: datetime) -> uuid.UUID:
    """Return the same id whenever the same alert is found, also in a database that was restored."""
    rule = active.rule
    parts = (rule.name, rule.definition, str(active.from_time), symbol, str(bar_time))
    return uuid.uuid5(_NAMESPACE, "\n".join(parts))


def settled(
    active: ActiveRule, before: Event | None, found: Event | None, *, tell: bool
) -> Change | None:
    """Return what becomes of an event, or None if nothing does.

    `found` is the event if its condition holds; `tell`, whether it is then told.
    """
    if before is None and found is None:
        return None
    known = before or found
    assert known is not None  # noqa: S101 - for the type checker
    wanted = found is not None and tell
    messages = known.messages + (wanted != known.is_told)
    if found is None and messages == 0:
        return Change(active, before, None)
    state = FIRED if wanted else HELD_BACK if found is not None else RETRACTED
    after = replace(known, state=state, messages=messages)
    if found is not None and before is not None and before.state == RETRACTED:
        after = replace(after, figures=found.figures)
    return None if after == before else Change(active, before, after)
