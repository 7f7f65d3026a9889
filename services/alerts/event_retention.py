"""How long events are kept, and which bars are looked at no more since theirs may be gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.alerts.connection import Connection

# The last alert of a rule and symbol stays: it says whether, and when, the next one is told.
_FORGET: Final = """
with boundary as (
    update alerts.watch set forgotten_until = greatest(
        forgotten_until,
        (select coalesce(min(present), now()) from market.present_of_sources)
        - make_interval(days => %(days)s)
    )
    returning forgotten_until
)
delete from alerts.events as event using boundary
where event.bar_time < boundary.forgotten_until
    and event.changed_at < clock_timestamp() - make_interval(days => %(days)s)
    and not exists (select from alerts.deliveries where event_id = event.event_id)
    and (event.state <> 'fired' or exists (
        select from alerts.events as later
        where later.rule_id = event.rule_id and later.symbol = event.symbol
            and later.bar_time > event.bar_time
            and later.bar_time < boundary.forgotten_until and later.state = 'fired'
    ))
"""
_FORGOTTEN_UNTIL: Final = "select forgotten_until from alerts.watch"


@dataclass(frozen=True)
class EventRetention:
    """Every method raises DatabaseError."""

    connection: Connection

    def forget(self, days: int) -> None:
        """Remove the events of bars so many days ago, but each rule's last alert of a symbol."""
        self.connection.run(_FORGET, {"days": days})

    def forgotten_until(self) -> datetime:
        """Return until when events may be gone."""
        found: datetime = self.connection.rows(_FORGOTTEN_UNTIL)[0][0]
        return found
