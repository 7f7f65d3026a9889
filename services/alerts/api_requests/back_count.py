"""How often a rule would have fired in the stored past, by the evaluation that fires it now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Any, Final, Protocol

from services.alerts.evaluation.evaluator import Window, held, thinned
from services.alerts.evaluation.events import FIRED
from services.alerts.evaluation.events import Event as Alert
from services.alerts.evaluation.series import Span, bars_beside
from services.alerts.rules.model import ActiveRule, Rule

_BARS_AT_A_TIME: Final = 5_000
_INSTANT: Final = timedelta(microseconds=1)
SHOWN: Final = 50
"""So many of the newest alerts, and of the symbols with most, are named."""


COUNT_SECONDS: Final = 20.0
"""So long a count may take: somebody waits for it."""


class Bars(Protocol):
    """Where bars come from."""

    def windows(self, spans: Sequence[Span], most: int) -> Sequence[Window]:
        """Return the bars of each span."""


@dataclass
class BackCount:
    """What was counted so far."""

    rule: Rule
    alerts: int = 0
    held_back: int = 0
    bars: int = 0
    symbols: int = 0
    is_complete: bool = True
    by_symbol: dict[str, int] = field(default_factory=dict)
    newest: list[Alert] = field(default_factory=list)

    def add(self, symbol: str, bars: int, events: Sequence[Alert]) -> None:
        """Add a symbol's events."""
        fired = [event for event in events if event.state == FIRED]
        self.symbols += 1
        self.bars += bars
        self.alerts += len(fired)
        self.held_back += len(events) - len(fired)
        if fired:
            self.by_symbol[symbol] = len(fired)
        newest = sorted([*self.newest, *fired[-SHOWN:]], key=lambda one: one.bar_time)
        self.newest = newest[-SHOWN:]

    def answer(self) -> dict[str, Any]:
        """Return it for whoever asked."""
        most = sorted(self.by_symbol.items(), key=lambda one: (-one[1], one[0]))[:SHOWN]
        return {
            "alerts": self.alerts,
            "held_back": self.held_back,
            "bars": self.bars,
            "symbols": self.symbols,
            "is_complete": self.is_complete,
            "by_symbol": [{"symbol": symbol, "alerts": count} for symbol, count in most],
            "newest": [
                {
                    "symbol": event.symbol,
                    "bar_time": event.bar_time.isoformat().replace("+00:00", "Z"),
                    "session_date": event.session.isoformat(),
                    "text": self.rule.condition.sentence(event.figures),
                }
                for event in reversed(self.newest)
            ],
        }


def in_time(stopping: Event, now: Callable[[], float] = time.monotonic) -> Callable[[], bool]:
    """Return what says whether a count that begins now may go on."""
    until = now() + COUNT_SECONDS
    return lambda: now() < until and not stopping.is_set()


def back_count(
    rule: Rule,
    symbols: Iterable[str],
    span: tuple[datetime, datetime],
    bars: Bars,
    goes_on: Callable[[], bool],
) -> BackCount:
    """Return how often a rule would have fired at bars that begin from `span[0]` on and before
    `span[1]`. It ends early when it may not go on, and says so."""
    counted = BackCount(rule)
    for symbol in symbols:
        events: list[Alert] = []
        seen = 0
        begin, end = span[0], span[1] - _INSTANT
        while begin <= end:
            if not goes_on():
                counted.is_complete = False
                return counted
            active = ActiveRule(0, rule, begin)
            part = Span(
                symbol, rule.interval, rule.basis, begin, end, bars_beside((active,)),
                rule.condition.needs_indicators, (active,),
            )  # fmt: skip
            [window] = bars.windows([part], _BARS_AT_A_TIME)
            own = [bar.time for bar in window.bars if begin <= bar.time <= end]
            found = held(active, part, window)
            events += [one for one in found if span[0] <= one.bar_time <= end]
            seen += len(own)
            if not window.is_cut:
                break
            begin = own[-1] + _INSTANT
        counted.add(symbol, seen, thinned(ActiveRule(0, rule, span[0]), events))
    return counted
