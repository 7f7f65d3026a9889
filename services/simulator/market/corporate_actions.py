"""A simulated pair: TWINA splits and pays dividends, TWINB is the same share and does neither.

In TWINB's bars, as the market makes them, and out both symbols': what TWINA traded at before its
splits is exactly what they make of TWINB's price, so that its split-adjusted bars are TWINB's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from services.simulator.market.bars import BarSource, PrintedBar
from services.simulator.market.trading_sessions import EASTERN, Sessions

WITH_ACTIONS: Final = "TWINA"
WITHOUT: Final = "TWINB"
_LOT: Final = 100
"""Volumes of the pair are of whole lots, so that they too can be split exactly."""
_ANNOUNCED_BEFORE: Final = timedelta(days=14)


class Split(NamedTuple):
    """So many new shares for one old, as the vendor writes it, from a day on."""

    wanted_on: date
    factor: str


class Dividend(NamedTuple):
    """Cash for a share as it was held before a day."""

    wanted_on: date
    amount: str


SPLITS: Final = (Split(date(2025, 11, 6), "10.0000"), Split(date(2025, 11, 11), "0.1250"))
DIVIDENDS: Final = (Dividend(date(2025, 11, 7), "1.25"), Dividend(date(2025, 11, 12), "0.30"))
"""Each takes effect on the first session from its day on."""


@dataclass(frozen=True)
class PairedBars:
    """A source of bars in which the pair is one share."""

    source: BarSource
    sessions: Sessions

    def knows(self, symbol: str) -> bool:
        """Say whether the symbol exists."""
        return self.source.knows(symbol)

    def zone(self, symbol: str) -> str:
        """Return the name of the exchange's time zone."""
        return self.source.zone(symbol)

    def intraday(
        self, symbol: str, minutes: int, extended: bool, until: date | None, now: datetime
    ) -> Iterator[PrintedBar]:
        """Yield bars as they were traded, newest first."""
        bars = self.source.intraday(_share(symbol), minutes, extended, until, now)
        return self._printed(symbol, bars)

    def daily(self, symbol: str, now: datetime) -> Iterator[PrintedBar]:
        """Yield the bars of regular sessions as they were traded, newest first."""
        return self._printed(symbol, self.source.daily(_share(symbol), now))

    def splits(self, symbol: str, now: datetime) -> list[dict[str, str]]:
        """Return the splits in effect at `now`, newest first, as the vendor lists them."""
        rows = [
            {"effective_date": day.isoformat(), "split_factor": split.factor}
            for split in SPLITS
            if symbol == WITH_ACTIONS and (day := self._effective(split.wanted_on)) <= _today(now)
        ]
        return rows[::-1]

    def dividends(self, symbol: str, now: datetime) -> list[dict[str, str]]:
        """Return the dividends that were announced at `now`, newest first."""
        rows = [
            {
                "ex_dividend_date": day.isoformat(),
                "declaration_date": (day - _ANNOUNCED_BEFORE).isoformat(),
                "record_date": day.isoformat(),
                "payment_date": "None",
                "amount": dividend.amount,
            }
            for dividend in DIVIDENDS
            if symbol == WITH_ACTIONS
            and (day := self._effective(dividend.wanted_on)) - _ANNOUNCED_BEFORE <= _today(now)
        ]
        return rows[::-1]

    def _effective(self, wanted_on: date) -> date:
        days = self.sessions.days()
        return days[bisect_left(days, wanted_on)]

    def _printed(self, symbol: str, bars: Iterator[PrintedBar]) -> Iterator[PrintedBar]:
        if symbol not in (WITH_ACTIONS, WITHOUT):
            return bars
        steps = SPLITS if symbol == WITH_ACTIONS else ()
        splits = [(self._effective(each.wanted_on), Decimal(each.factor)) for each in steps]
        return (_on_the_day(bar, splits) for bar in bars)


def _today(now: datetime) -> date:
    return now.astimezone(EASTERN).date()


def _share(symbol: str) -> str:
    return WITHOUT if symbol == WITH_ACTIONS else symbol


def _on_the_day(bar: PrintedBar, splits: list[tuple[date, Decimal]]) -> PrintedBar:
    ratio, day = Decimal(1), bar.time[:10]
    for effective, factor in splits:
        if day < effective.isoformat():
            ratio *= factor
    lots = max(1, int(bar.volume) // _LOT) * _LOT
    return PrintedBar(
        time=bar.time,
        open=_text(Decimal(bar.open) * ratio),
        high=_text(Decimal(bar.high) * ratio),
        low=_text(Decimal(bar.low) * ratio),
        close=_text(Decimal(bar.close) * ratio),
        volume=f"{(lots / ratio).normalize():f}",
    )


def _text(price: Decimal) -> str:
    return f"{price.quantize(Decimal('0.000001')).normalize():f}"
