"""A stored bar, as the conditions of rules see it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, NamedTuple

INDICATORS: Final = (
    "change",
    "change_percent",
    "sma_20",
    "sma_50",
    "sma_200",
    "ema_12",
    "ema_26",
    "ema_50",
    "vwap",
    "true_range",
    "atr_14",
    "volatility_20",
    "bollinger_upper_20",
    "bollinger_middle_20",
    "bollinger_lower_20",
    "rsi_14",
    "volume_zscore_20",
)
"""The columns of bi.bar_indicators that a condition may name; a contract test compares them."""

PRICES: Final = ("open", "high", "low", "close")


class Anomaly(NamedTuple):
    """A row of bi.anomalies: how severe (1, 2, 3), and the two figures that say so."""

    rank: int
    value: float
    score: float


class Bar(NamedTuple):
    """Prices in the quote unit; `indicators` is None until they have been computed.

    `anomalies` are by their kind, None where nobody looked. `quiet_seconds` is for how long its
    market was open between its end and the next bar, or the present; None where nobody can tell.
    """

    time: datetime
    session: date
    open: float
    high: float
    low: float
    close: float
    volume: float | None
    inserted_at: datetime
    updated_at: datetime
    indicators: Mapping[str, float | None] | None = None
    anomalies: Mapping[str, Anomaly] | None = None
    quiet_seconds: float | None = None

    def value(self, name: str) -> float | None:
        """Return a price, the volume or an indicator; None where there is none."""
        if name in PRICES or name == "volume":
            found: float | None = getattr(self, name)
            return found
        return None if self.indicators is None else self.indicators.get(name)
