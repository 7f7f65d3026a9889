"""Which series have just become too quiet: newest bars in, what is to be looked at again out. Pure.

A bar that does not come changes nothing, so that nothing would let its rules be evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from services.alerts.evaluation.open_hours import OpenHours
from services.alerts.evaluation.series import RuleIndex, Work
from services.alerts.rules.no_data import NoData


class Newest(NamedTuple):
    """The newest bar of a series, and the hours of its market; None where they are not known."""

    symbol: str
    interval: str
    bar_time: datetime
    session: date
    hours: OpenHours | None


class SilenceWatch:
    """Remembers for how long it was quiet, so that a silence is looked at when a rule's time is
    reached, and not again each time. What is looked at twice does no harm."""

    def __init__(self, index: RuleIndex) -> None:
        self.index = index
        self.watched = sorted(
            {
                (symbol, active.rule.interval)
                for active in index.rules.values()
                if isinstance(active.rule.condition, NoData)
                for symbol in active.rule.symbols or ("",)
            }
        )
        """(symbol, interval) of the series that rules wait for; an empty symbol is any."""
        self._seen: dict[tuple[str, str], tuple[datetime, float]] = {}

    def works(self, series: Iterable[Newest]) -> list[Work]:
        """Return what is to be looked at, now that these are the newest bars."""
        found = []
        for one in series:
            if one.hours is None:
                continue
            quiet = one.hours.quiet_seconds(one.interval, (one.bar_time, one.session), None)
            known = self._seen.get((one.symbol, one.interval))
            before = known[1] if known is not None and known[0] == one.bar_time else -1.0
            self._seen[one.symbol, one.interval] = (one.bar_time, quiet)
            if any(before < limit <= quiet for limit in self._limits(one)):
                found.append(Work(one.symbol, one.interval, False, one.bar_time, one.bar_time))
        return found

    def _limits(self, one: Newest) -> Iterable[float]:
        for active in self.index.of_series(one.symbol, one.interval):
            if isinstance(active.rule.condition, NoData):
                yield active.rule.condition.seconds
