"""Hand-written stand-ins for the simulator's clocks and bars, and short ways to build its parts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.simulator.api.calls import Api
from services.simulator.api.messages import Answer, Call
from services.simulator.api.rate_limits import Limiter, parse_plan
from services.simulator.market.bars import BarSource, PrintedBar, WithoutActions
from services.simulator.market.trading_sessions import Sessions

INTRADAY = {"function": "TIME_SERIES_INTRADAY", "symbol": "IBM", "interval": "1min"}
DAILY = {"function": "TIME_SERIES_DAILY", "symbol": "IBM"}
QUOTE = {"function": "GLOBAL_QUOTE", "symbol": "IBM"}
BULK = {"function": "REALTIME_BULK_QUOTES", "symbol": "IBM,NONE"}


def utc(text: str) -> datetime:
    """Return the instant that an ISO text without offset names in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class HandClock:
    """A real clock that moves only by hand."""

    instant: datetime = field(default_factory=lambda: utc("2026-11-20T17:30:25"))

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()

    def move(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)


@dataclass
class FixedBars(WithoutActions):
    """Two minutes and two days of one symbol, whatever the time; `late` adds one after hours."""

    late: bool = False

    def knows(self, symbol: str, now: datetime) -> bool:  # noqa: ARG002
        return symbol == "IBM"

    def zone(self, symbol: str) -> str:  # noqa: ARG002
        return "US/Eastern"

    def intraday(
        self,
        symbol: str,  # noqa: ARG002
        minutes: int,  # noqa: ARG002
        extended: bool,
        until: date | None,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> Iterator[PrintedBar]:
        if self.late and extended:
            yield PrintedBar(
                "2025-11-06 16:05:00", "312.0000", "312.5000", "311.0000", "311.5000", "40"
            )
        yield PrintedBar(
            "2025-11-06 15:59:00", "312.1000", "312.5000", "312.0000", "312.4200", "5100"
        )
        yield PrintedBar(
            "2025-11-06 15:57:00", "312.0000", "312.1500", "311.9500", "312.1000", "4200"
        )

    def daily(self, symbol: str, now: datetime) -> Iterator[PrintedBar]:  # noqa: ARG002
        yield PrintedBar("2025-11-06", "306.1500", "313.0000", "305.1000", "312.4200", "5610200")
        yield PrintedBar("2025-11-05", "301.4200", "308.0000", "301.0000", "306.7700", "4310250")


def make_api(
    source: BarSource,
    sessions: Sessions,
    plan: str,
    clock: HandClock,
    entitlement: str = "realtime",
) -> Api:
    """Return an API whose market clock and real clock are the same hand-moved one."""
    limits = parse_plan(plan)
    limiter = Limiter(limits, clock.monotonic, clock.now)
    return Api(source, sessions, limits, limiter, clock.now, entitlement)


def ask(api: Api, parameters: dict[str, str], **more: str) -> Answer:
    """Make a call with a key that is accepted."""
    return api.answer(Call({"apikey": "KEY123", **parameters, **more}))


def body(answer: Answer) -> Any:
    """Return the JSON that an answer holds."""
    return json.loads(answer.body)


def times(answer: Answer) -> list[str]:
    """Return the times of a series, in the order sent."""
    (bars,) = (value for name, value in body(answer).items() if name.startswith("Time Series"))
    return list(bars)
