"""Tables of what happened: anomalies, signals, patterns, and what is missing."""

from __future__ import annotations

from typing import Final

from powerbi.model.aggregates import PERCENT, rows
from powerbi.model.definitions import Measure, Table
from powerbi.model.dimensions import BAR_TIMES, OHLC, columns, keyed

ANOMALIES: Final = Table(
    "Anomalies",
    "anomalies",
    "One row per bar and kind of what stands out: price, volume, gap, outlier.",
    keyed(
        columns(
            timestamp=BAR_TIMES,
            text="kind severity reason",
            number=f"value score {OHLC} volume",
            whole="severity_rank",
        )
    ),
    (rows("Number of anomalies", "Anomalies"),),
)
SIGNALS: Final = Table(
    "Signals",
    "signals",
    "One row per bar and rule that fired, with what became of the rule's signals before.",
    keyed(
        columns(
            timestamp=BAR_TIMES,
            text="rule direction",
            number="close value threshold return_10_percent past_hit_rate_percent",
            flag="is_hit",
            whole="past_signals past_hits",
        )
    ),
    (rows("Number of signals", "Signals"),),
)
PATTERNS: Final = Table(
    "Patterns",
    "patterns",
    "One row per bar and classic candle pattern.",
    keyed(columns(timestamp=BAR_TIMES, text="pattern direction", number=f"{OHLC} volume")),
    (rows("Number of patterns", "Patterns"),),
)
QUALITY: Final = Table(
    "Data quality",
    "data_quality",
    "One row per symbol, interval and date: which bars are missing, and why.",
    keyed(
        columns(
            text="day_kind status",
            whole="expected_bars stored_bars no_trade_bars missing_bars outage_bars "
            "longest_gap_bars outside_bars revised_bars rejected_records unknown_basis_bars bases",
            number="completeness_percent lag_seconds_median lag_seconds_longest",
            timestamp="opens_at_utc closes_at_utc first_bar_utc last_bar_utc",
        )
    ),
    (
        Measure(
            "Completeness %",
            "100 * DIVIDE ( SUM ( 'Data quality'[stored_bars] ), "
            "SUM ( 'Data quality'[expected_bars] ) )",
            PERCENT,
            "Stored bars of those expected.",
        ),
    ),
)
