"""The condition that no bar came while its market was open. Pure.

It is said of the last bar before the silence, so that it holds of what is stored, like any other:
bars that come late take it back, and nothing new is told while the silence goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.alerts.rules.bars import Bar
from services.alerts.rules.conditions import Condition, Figures


@dataclass(frozen=True)
class NoData:
    """No bar begins for so many seconds of open hours after the end of one."""

    seconds: float
    lookback: int = 0
    needs_indicators: bool = False

    def holds(self, bars: Sequence[Bar], place: int) -> Figures | None:
        quiet = bars[place].quiet_seconds
        if quiet is None or quiet < self.seconds:
            return None
        return {"quiet_minutes": quiet / 60}

    def sentence(self, figures: Figures) -> str:
        return f"no bar for {figures['quiet_minutes']:.4g} minutes of open hours after this one"


def looks_ahead(condition: Condition) -> bool:
    """Return whether it depends on the bar that follows, and on the present where none does."""
    return isinstance(condition, NoData)
