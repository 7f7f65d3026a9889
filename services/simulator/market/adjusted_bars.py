"""Bars as traded go in, newest first, with what each corporate action makes of earlier ones; out
come the bars as the vendor adjusts them by default: on the basis of the day of the call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import prod

from services.simulator.market.bars import Adjustment, PrintedBar

_TEN_THOUSANDTHS = 10_000


def adjusted(bars: Iterator[PrintedBar], adjustments: Sequence[Adjustment]) -> Iterator[PrintedBar]:
    """Yield the bars, those before an action with prices to four decimals and whole shares."""
    return (_adjusted(bar, adjustments) for bar in bars) if adjustments else bars


def _adjusted(bar: PrintedBar, adjustments: Sequence[Adjustment]) -> PrintedBar:
    later = [action for action in adjustments if bar.time[:10] < action.ex_date.isoformat()]
    if not later:
        return bar
    price_factor = prod((action.price_factor for action in later), start=Fraction(1))
    volume_factor = prod((action.volume_factor for action in later), start=Fraction(1))
    first, high, low, last = (_price(Fraction(price) * price_factor) for price in bar[1:5])
    volume = round(Fraction(bar.volume) * volume_factor)
    return PrintedBar(bar.time, first, high, low, last, str(volume))


def _price(price: Fraction) -> str:
    whole, rest = divmod(round(price * _TEN_THOUSANDTHS), _TEN_THOUSANDTHS)
    return f"{whole}.{rest:04}"
