"""The tables that the API gives out: which view, which columns of which type, in which order.

Pure facts; the routes, the SQL, the formats and the OpenAPI description are all made from them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final


class Kind(Enum):
    """What a column holds: its Python type, and how SQL casts text to it."""

    TEXT = "text"
    EXACT = "numeric"
    REAL = "double precision"
    WHOLE = "bigint"
    INSTANT = "timestamptz"
    UTC = "timestamp"
    LOCAL = "timestamp without time zone"
    DAY = "date"
    FLAG = "boolean"


@dataclass(frozen=True)
class Dataset:
    """A view of `bi`. `key` is unique and gives the order; `time` is what from and to bound.

    `days`: a view that computes as it is asked is asked for one or several series, and unless
    `from` says otherwise for so many days; without bounds it would take minutes. `past` is the
    function that gives the rows as they were stored at an instant, if there is one;
    `adjusted_view` the same on each price basis other than as traded, which it names.
    """

    name: str
    about: str
    view: str
    columns: tuple[tuple[str, Kind], ...]
    key: tuple[str, ...]
    time: str | None = None
    days: int | None = None
    past: str | None = None
    adjusted_view: str | None = None

    def on_basis(self, basis: str) -> Dataset:
        """Return the table with its prices on another basis, which it can be had on."""
        if basis == AS_TRADED or self.adjusted_view is None:
            return self
        return replace(self, view=self.adjusted_view.format(basis=basis))

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
AS_TRADED: Final = "as_traded"
CANDLE_INTERVALS: Final = ("5min", "15min", "30min", "60min", "1d")

BARS: Final = Dataset(
    "bars",
    "Stored bars, one row per (symbol, interval, bar_time): the newest observation of each.",
    "bi.events_stream",
    _columns(
        text="symbol interval",
        instant="bar_time",
        exact=f"{_OHLC} volume",
        day="session_date",
        text_2="source freshness basis",
        flag="adjusted is_final",
        instant_2="observed_at",
        whole="revision",
        instant_3="inserted_at updated_at",
    ),
    ("symbol", "interval", "bar_time"),
    "bar_time",
    past="bi.bars_as_of",
    adjusted_view="bi.events_stream_{basis}",
)
INDICATORS: Final = Dataset(
    "indicators",
    "Indicators, one row per (symbol, interval, bar_time); null until a warm-up is over.",
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
ACTIONS: Final = Dataset(
    "corporate-actions",
    "Splits, spin-offs and cash dividends, with what each multiplies earlier prices by.",
    "bi.corporate_actions",
    _columns(
        text="symbol kind",
        day="ex_date",
        whole="number",
        exact="numerator denominator amount",
        day_2="declaration_date record_date payment_date",
        flag="is_in_force",
        exact_2="reference_close",
        day_3="reference_date",
        exact_3="price_factor",
        text_2="source",
        whole_2="revision",
        utc="observed_at_utc",
    ),
    ("symbol", "ex_date", "kind", "number"),
    "ex_date",
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
    "One row per (symbol, reason, day): how many records were refused; symbol may be empty.",
    "bi.rejected_by_reason",
    _columns(
        text="symbol reason", day="rejected_on_utc", whole="records", instant="last_rejected_at"
    ),
    ("rejected_on_utc", "reason", "symbol"),
)
_CANDLES_ON_A_BASIS: Final = """
(
    select *, bar_time_utc at time zone 'UTC' as bar_time
    from bi.candles_{basis} where interval = 'INTERVAL'
) as candles
"""
CANDLES: Final = tuple(
    Dataset(
        f"candles/{interval}",
        f"Candles of {interval}, rolled up from the smallest interval stored of each session.",
        f"bi.candles_{interval}",
        _columns(
            text="symbol",
            instant="bar_time",
            day="session_date",
            exact=f"{_OHLC} volume",
            whole="bars",
            flag="is_final",
            text_2="rolled_up_from",
        ),
        ("symbol", "session_date", "bar_time"),
        "session_date",
        adjusted_view=_CANDLES_ON_A_BASIS.replace("INTERVAL", interval),
    )
    for interval in CANDLE_INTERVALS
)
QUOTES: Final = Dataset(
    "quotes",
    "One row per symbol: its newest bar, and that bar's session so far.",
    "bi.latest_quote",
    _columns(
        text="symbol interval",
        day="session_date",
        utc="bar_time_utc",
        local="bar_time_exchange",
        exact="price previous_close change",
        real="change_percent",
        exact_2="session_open session_high session_low session_volume bar_volume",
        flag="is_final",
        text_2="freshness source",
        utc_2="observed_at_utc",
        real_2="observed_age_seconds age_seconds",
        text_3="market_state",
    ),
    ("symbol",),
)


def _analytic(name: str, about: str, view: str, *key: str, **columns: str) -> Dataset:
    """Return a view that computes as it is asked, one row per bar or per bar and `key`."""
    own = _columns(
        text="symbol interval", day="session_date", utc="bar_time_utc", local="bar_time_exchange"
    )
    place = ("symbol", "interval", "session_date", "bar_time_utc", *key)
    return Dataset(name, about, view, own + _columns(**columns), place, "session_date", 14)


ANALYTIC: Final = (
    _analytic(
        "comparison",
        "Closes made comparable: the session's first open is 100.",
        "bi.comparison",
        exact="close base_price",
        real="rebased session_return_percent",
    ),
    _analytic(
        "volatility",
        "True range, deviation of returns and bands beside the prices.",
        "bi.volatility",
        exact=_OHLC,
        real="true_range atr_14 atr_percent volatility_20 volatility_20_annual_percent "
        "bollinger_upper_20 bollinger_middle_20 bollinger_lower_20 band_width_percent "
        "band_position",
    ),
    _analytic(
        "profile",
        "Volume, return and range at each minute of a session, and what is usual at it.",
        "bi.intraday_profile",
        whole="minute_of_day minute_of_session",
        exact="volume",
        real="volume_share_percent return_percent range_percent",
        whole_2="usual_bars",
        real_2="usual_volume usual_return_percent usual_range_percent",
    ),
    _analytic(
        "anomalies",
        "What stands out: jumps of price, bursts of volume, gaps and spikes, with a reason.",
        "bi.anomalies",
        "kind",
        text="kind",
        real="value score",
        text_2="severity",
        whole="severity_rank",
        text_3="reason",
        exact=f"{_OHLC} volume",
    ),
    _analytic(
        "signals",
        "Where a rule fired, and how often it was right before.",
        "bi.signals",
        "rule",
        "direction",
        text="rule direction",
        exact="close",
        real="value threshold return_10_percent",
        flag="is_hit",
        whole="past_signals past_hits",
        real_2="past_hit_rate_percent",
    ),
    Dataset(
        "quality",
        "One row per series and session: expected, stored and missing bars, and the lag.",
        "bi.data_quality",
        _columns(
            text="symbol interval",
            day="session_date",
            text_2="day_kind status",
            whole="expected_bars stored_bars no_trade_bars missing_bars outage_bars "
            "longest_gap_bars",
            real="completeness_percent",
            whole_2="outside_bars revised_bars rejected_records",
            real_2="lag_seconds_median lag_seconds_longest",
            utc="opens_at_utc closes_at_utc first_bar_utc last_bar_utc",
            whole_3="unknown_basis_bars bases",
        ),
        ("symbol", "interval", "session_date"),
        "session_date",
        14,
    ),
)
ALL: Final = (BARS, QUOTES, INDICATORS, *CANDLES, *ANALYTIC, ACTIONS, STATUS, REJECTED)
