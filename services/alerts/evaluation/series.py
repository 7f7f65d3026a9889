"""Which rules look at which series, and which bars a change makes them look at again. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from services.alerts.rules.model import ActiveRule
from services.alerts.rules.no_data import looks_ahead
from services.common.market.bar import INTERVAL_MINUTES

_DAY_MINUTES: Final = 1440
NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)


class Work(NamedTuple):
    """Bars of a series, or their indicators, that were written: the first and the last of them."""

    symbol: str
    interval: str
    of_indicators: bool
    from_time: datetime
    until_time: datetime


@dataclass(frozen=True)
class Span:
    """Bars of a series, on one basis, at which rules are evaluated. With them come so many bars
    before, and as many after, which depend on them."""

    symbol: str
    interval: str
    basis: str
    from_time: datetime
    until_time: datetime
    lookback: int
    of_indicators: bool
    rules: tuple[ActiveRule, ...]


def length(interval: str) -> timedelta:
    """Return how long a bar is."""
    return timedelta(minutes=INTERVAL_MINUTES.get(interval, _DAY_MINUTES))


def bars_beside(rules: Collection[ActiveRule]) -> int:
    """Return how many bars before and after others are needed to evaluate rules at those, and, of
    rules that look ahead, at the bar before them."""
    ahead = any(looks_ahead(active.rule.condition) for active in rules)
    return max(1, *(active.rule.condition.lookback for active in rules)) + ahead


class RuleIndex:
    """The rules in force by their series, so that a bar costs its own rules alone. Bars before
    `forgotten_until` are looked at no more: their events may be gone, and would be told again."""

    def __init__(self, rules: Iterable[ActiveRule] = (), forgotten_until: datetime = NEVER) -> None:
        self.forgotten_until = forgotten_until
        self.rules = {active.rule_id: active for active in rules}
        self._of_one: dict[tuple[str, str], list[ActiveRule]] = defaultdict(list)
        self._of_all: dict[str, list[ActiveRule]] = defaultdict(list)
        for active in self.rules.values():
            rule = active.rule
            if rule.symbols is None:
                self._of_all[rule.interval].append(active)
            for symbol in rule.symbols or ():
                self._of_one[symbol, rule.interval].append(active)

    def of_series(self, symbol: str, interval: str) -> list[ActiveRule]:
        """Return the rules of a series."""
        return [*self._of_one.get((symbol, interval), ()), *self._of_all.get(interval, ())]

    def watched(self) -> list[tuple[str, str]]:
        """Return (symbol, interval) of each series that is looked at; an empty symbol is any."""
        return sorted({*self._of_one, *(("", interval) for interval in self._of_all)})

    def spans(self, works: Iterable[Work]) -> list[Span]:
        """Return what is to be evaluated, one span for each series and basis."""
        by_series: dict[tuple[str, str], list[Work]] = defaultdict(list)
        for work in works:
            by_series[work.symbol, work.interval].append(work)
        return [span for one in by_series.values() for span in self._of_works(one)]

    def _of_works(self, works: list[Work]) -> Iterable[Span]:
        symbol, interval = works[0].symbol, works[0].interval
        derived = any(work.of_indicators for work in works)
        by_basis: dict[str, list[ActiveRule]] = defaultdict(list)
        for active in self.of_series(symbol, interval):
            # What is derived of a bar comes after it, and with word of its own.
            if derived or not active.rule.condition.needs_indicators:
                by_basis[active.rule.basis].append(active)
        until = max(work.until_time for work in works)
        for basis, rules in by_basis.items():
            begin = max(min(work.from_time for work in works), self.forgotten_until)
            # The silence that a new rule is to tell of may have begun before it.
            if not any(looks_ahead(active.rule.condition) for active in rules):
                earliest = min(active.from_time for active in rules) - length(interval)
                begin = max(begin, earliest)
            if begin <= until:
                back = bars_beside(rules)
                yield Span(symbol, interval, basis, begin, until, back, derived, tuple(rules))
