"""Simulated shares with corporate actions, each beside TWINB, the same share without any.

In TWINB's bars, as the market makes them, and out every symbol's: what a share traded at before
its splits and spin-offs is exactly what they make of TWINB's price, so that adjusted bars are
TWINB's. TWINA splits and pays dividends, TWINSPIN spins a company off, TWINOLD becomes TWINNEW.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from services.simulator.market.bars import Adjustment, BarSource, PrintedBar
from services.simulator.market.trading_sessions import EASTERN, Sessions

WITHOUT: Final = "TWINB"
_LOT: Final = 100
"""Volumes of the shares are of whole lots, so that they too can be split exactly."""
_ANNOUNCED_BEFORE: Final = timedelta(days=14)
_LARGEST_SPIN_OFF: Final = 2


class Split(NamedTuple):
    """So many new shares for one old, as the vendor writes it, from a day on; a factor between 1
    and 2 is a spin-off, which the vendor lists among the splits."""

    wanted_on: date
    factor: str

    @property
    def share_ratio(self) -> Decimal:
        """New shares for one old: a spin-off leaves their number as it is."""
        return Decimal(1 if 1 < Decimal(self.factor) < _LARGEST_SPIN_OFF else self.factor)


class Dividend(NamedTuple):
    """Cash for a share as it was held before a day."""

    wanted_on: date
    amount: str


class Rename(NamedTuple):
    """From a day on the new symbol has all of the history, and the old one does not exist."""

    wanted_on: date
    old: str
    new: str


SPLITS: Final = {
    "TWINA": (Split(date(2025, 11, 6), "10.0000"), Split(date(2025, 11, 11), "0.1250")),
    "TWINSPIN": (Split(date(2025, 11, 10), "1.0460"),),
}
DIVIDENDS: Final = {
    "TWINA": (Dividend(date(2025, 11, 7), "1.25"), Dividend(date(2025, 11, 12), "0.30")),
}
RENAME: Final = Rename(date(2025, 11, 10), "TWINOLD", "TWINNEW")
"""Each takes effect on the first session from its day on."""

SYMBOLS_HELP: Final = (
    "In November 2025 TWINA splits and pays dividends, TWINSPIN spins a company off, TWINOLD "
    "becomes TWINNEW; TWINB is the same share and does nothing of it."
)

_SHARES: Final = (WITHOUT, *SPLITS, RENAME.old, RENAME.new)


@dataclass(frozen=True)
class SharesWithActions:
    """A source of bars in which these symbols are one share."""

    source: BarSource
    sessions: Sessions

    def knows(self, symbol: str, now: datetime) -> bool:
        """Say whether the symbol exists at `now`."""
        is_renamed = self._effective(RENAME.wanted_on) <= _today(now)
        gone = RENAME.old if is_renamed else RENAME.new
        return symbol != gone and self.source.knows(symbol, now)

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
            for split in SPLITS.get(symbol, ())
            if (day := self._effective(split.wanted_on)) <= _today(now)
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
            for dividend in DIVIDENDS.get(symbol, ())
            if (day := self._effective(dividend.wanted_on)) - _ANNOUNCED_BEFORE <= _today(now)
        ]
        return rows[::-1]

    def adjustments(self, symbol: str, now: datetime) -> list[Adjustment]:
        """Return what each action in effect at `now` makes of earlier bars."""
        made = [
            Adjustment(
                self._effective(split.wanted_on),
                1 / Fraction(split.factor),
                Fraction(split.share_ratio),
            )
            for split in SPLITS.get(symbol, ())
        ]
        for dividend in DIVIDENDS.get(symbol, ()):
            day = self._effective(dividend.wanted_on)
            close = self._close_before(symbol, day, now)
            if close is not None:
                made.append(Adjustment(day, 1 - Fraction(dividend.amount) / close, Fraction(1)))
        return [each for each in made if each.ex_date <= _today(now)]

    def _close_before(self, symbol: str, day: date, now: datetime) -> Fraction | None:
        closes = (Fraction(bar.close) for bar in self.daily(symbol, now) if bar.time < f"{day}")
        return next(closes, None)

    def _effective(self, wanted_on: date) -> date:
        days = self.sessions.days()
        return days[bisect_left(days, wanted_on)]

    def _printed(self, symbol: str, bars: Iterator[PrintedBar]) -> Iterator[PrintedBar]:
        if symbol not in _SHARES:
            return bars
        splits = [(self._effective(each.wanted_on), each) for each in SPLITS.get(symbol, ())]
        return (_on_the_day(bar, splits) for bar in bars)


def _today(now: datetime) -> date:
    return now.astimezone(EASTERN).date()


def _share(symbol: str) -> str:
    return WITHOUT if symbol in _SHARES else symbol


def _on_the_day(bar: PrintedBar, splits: list[tuple[date, Split]]) -> PrintedBar:
    price_ratio, share_ratio, day = Decimal(1), Decimal(1), bar.time[:10]
    for effective, split in splits:
        if day < effective.isoformat():
            price_ratio *= Decimal(split.factor)
            share_ratio *= split.share_ratio
    lots = max(1, int(bar.volume) // _LOT) * _LOT
    return PrintedBar(
        time=bar.time,
        open=_text(Decimal(bar.open) * price_ratio),
        high=_text(Decimal(bar.high) * price_ratio),
        low=_text(Decimal(bar.low) * price_ratio),
        close=_text(Decimal(bar.close) * price_ratio),
        volume=f"{(lots / share_ratio).normalize():f}",
    )


def _text(price: Decimal) -> str:
    return f"{price.quantize(Decimal('0.000001')).normalize():f}"
