"""The tables that the API gives out: which view, which columns of which type, in which order.

Pure facts; the routes, the SQL, the formats and the OpenAPI description are all made from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Final


class Kind(Enum):
    """What a column holds: its Python type, and how SQL casts text to it."""

    TEXT = "text"
    PRICE = "numeric"
    REAL = "double precision"
    WHOLE = "bigint"
    INSTANT = "timestamptz"
    DAY = "date"
    FLAG = "boolean"


@dataclass(frozen=True)
class Dataset:
    """A view of `bi`. `key` is unique and gives the order; `time` is what from and to bound."""

    name: str
    about: str
    view: str
    columns: tuple[tuple[str, Kind], ...]
    key: tuple[str, ...]
    time: str | None = None

    def has(self, column: str) -> bool:
        """Return whether the table has such a column."""
        return any(name == column for name, _ in self.columns)

    def kind(self, column: str) -> Kind:
        """Return what a column holds."""
        return dict(self.columns)[column]


def _columns(**names: str) -> tuple[tuple[str, Kind], ...]:
    """Return columns from space-separated names by kind, in the order given."""
    return tuple(
        (name, Kind[kind.rstrip("_123").upper()])
        for kind, text in names.items()
        for name in text.split()
    )


_OHLC: Final = "open high low close"
CANDLE_INTERVALS: Final = ("5min", "15min", "30min", "60min", "1d")

BARS: Final = Dataset(
    "bars",
    "Stored bars, one row per (symbol, interval, bar_time): the newest observation of each.",
    "bi.events_stream",
    _columns(
        text="symbol interval",
        instant="bar_time",
        price=_OHLC,
        whole="volume",
        day="session_date",
        text_2="source freshness",
        flag="adjusted is_final",
        instant_2="observed_at",
        whole_2="revision",
        instant_3="inserted_at updated_at",
    ),
    ("symbol", "interval", "bar_time"),
    "bar_time",
)
INDICATORS: Final = Dataset(
    "indicators",
    "Derived series, one row per (symbol, interval, bar_time); null until a warm-up is over.",
    "bi.bar_indicators",
    _columns(
        text="symbol interval",
        instant="bar_time",
        day="session_date",
        real="change change_percent sma_20 sma_50 sma_200 ema_12 ema_26 ema_50 vwap true_range "
        "atr_14 volatility_20 bollinger_upper_20 bollinger_middle_20 bollinger_lower_20 rsi_14 "
        "volume_zscore_20",
        instant_2="computed_at",
    ),
    ("symbol", "interval", "bar_time"),
    "bar_time",
)
STATUS: Final = Dataset(
    "status",
    "One row per Kafka partition: how far the sink has come and what became of the records.",
    "bi.sink_status",
    _columns(
        text="topic",
        whole="partition first_offset next_offset stored superseded rejected lost",
        instant="updated_at",
    ),
    ("topic", "partition"),
)
REJECTED: Final = Dataset(
    "rejected",
    "One row per (reason, day): how many records were refused.",
    "bi.rejected_by_reason",
    _columns(text="reason", day="rejected_on_utc", whole="records", instant="last_rejected_at"),
    ("rejected_on_utc", "reason"),
)
CANDLES: Final = tuple(
    Dataset(
        f"candles/{interval}",
        f"Candles of {interval}, rolled up from the smallest interval stored of each session.",
        f"bi.candles_{interval}",
        _columns(
            text="symbol",
            instant="bar_time",
            day="session_date",
            price=_OHLC,
            whole="volume bars",
            flag="is_final",
            text_2="rolled_up_from",
        ),
        ("symbol", "session_date", "bar_time"),
        "session_date",
    )
    for interval in CANDLE_INTERVALS
)
ALL: Final = (BARS, INDICATORS, *CANDLES, STATUS, REJECTED)


def as_text(value: Any) -> str:
    """Return a key's value as a cursor carries it."""
    return value.isoformat() if isinstance(value, date) else str(value)


def from_text(kind: Kind, text: str) -> Any:
    """Return the value of a key that a cursor carries. Raises ValueError."""
    if kind is Kind.INSTANT:
        instant = datetime.fromisoformat(text)
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    if kind is Kind.DAY:
        return date.fromisoformat(text)
    if kind is Kind.WHOLE:
        number = int(text)
        if not -(2**63) <= number < 2**63:
            raise ValueError(text)
        return number
    if "\0" in text:
        raise ValueError(text)
    return text
