"""How the numbers of each market are printed: a price level and trades in, the API's text out.

The tape counts prices in whole units of the last decimal that its market has, so that every bar of
a symbol is rolled up exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.common.market.markets import MARKETS, Market, market_of


@dataclass(frozen=True)
class NumberForm:
    """Prices have `decimals`, and so many `units` stand for a price level of one. Bars of minutes
    and of days are printed with decimals of their own."""

    market: Market
    units: int
    decimals: int
    printed: int
    printed_of_days: int

    def prices(self, units: Sequence[int], of_day: bool) -> list[str]:
        """Return prices as the API prints them."""
        places = self.printed_of_days if of_day else self.printed
        return [_text(each, self.decimals, places) for each in units]

    def volume(self, shares: int, close: int, of_day: bool) -> str:
        """Return a volume as the API prints it; nothing where the market tells none."""
        if not self.market.has_volume:
            return ""
        if not (of_day and self.market.is_pair):
            return str(shares)
        # Days of digital currencies have a fraction, as odd as the last price.
        return f"{shares}.{close % 10**self.decimals:0{self.decimals}}"


def _text(units: int, decimals: int, places: int) -> str:
    if places < decimals:
        step = 10 ** (decimals - places)
        units, decimals = (units + step // 2) // step, places
    whole, rest = divmod(units, 10**decimals)
    return f"{whole}.{rest:0{decimals}}{'0' * (places - decimals)}"


_FORMS: Final = MappingProxyType(
    {
        form.market.title: form
        for form in (
            NumberForm(MARKETS[""], 100, 2, 4, 4),
            NumberForm(MARKETS["FX"], 1_000, 5, 5, 5),
            NumberForm(MARKETS["CRYPTO"], 10**8, 8, 5, 8),
            NumberForm(MARKETS["INDEX"], 10_000, 2, 4, 4),
        )
    }
)


def number_form(symbol: str) -> NumberForm:
    """Return how the numbers of a symbol are printed."""
    return _FORMS[market_of(symbol).title]
