"""Tables of what happened: anomalies, signals, patterns, what is missing; and their measures."""

from __future__ import annotations

from typing import Final

from powerbi.model.definitions import Measure, Table
from powerbi.model.dimensions import BAR_TIMES, OHLC, columns, keyed
from powerbi.model.measures import (
    COUNT,
    EVENTS,
    NUMBER,
    PERCENT,
    QUALITY,
    of_one,
    rows,
    total,
    unless,
)

_QUALITY: Final = "'Data quality'"

ANOMALIES: Final = Table(
    "Anomalies",
    "anomalies",
    "One row per bar and kind of what stands out: price, volume, gap, outlier.",
    keyed(
        columns(
            timestamp=BAR_TIMES,
            text="kind severity reason",
            number="value score",
            exact=OHLC,
            volume="volume",
            whole="severity_rank usual_bars",
        )
    ),
    (rows("Number of anomalies", "Anomalies", "bars and kinds of anomaly"),),
)
SIGNALS: Final = Table(
    "Signals",
    "signals",
    "One row per bar and rule that fired, with what became of the rule's signals before.",
    keyed(
        columns(
            timestamp=BAR_TIMES,
            text="rule direction",
            exact="close value threshold",
            percent="return_10_percent past_hit_rate_percent past_hit_rate_low_percent "
            "past_hit_rate_high_percent base_rate_percent",
            flag="is_hit",
            whole="past_signals past_hits past_ties past_bars",
        )
    ),
    (
        rows("Number of signals", "Signals", "signals"),
        Measure(
            "Signals with outcome",
            of_one(
                "Signals",
                "CALCULATE ( COUNTROWS ( Signals ), NOT ( ISBLANK ( Signals[is_hit] ) ) )",
                "interval",
            ),
            COUNT,
            f"Signals of which it is known whether they were right. {unless('interval')}",
            EVENTS,
        ),
        Measure(
            "Hits",
            of_one(
                "Signals",
                "CALCULATE ( COUNTROWS ( Signals ), Signals[is_hit] = TRUE () )",
                "interval",
            ),
            COUNT,
            f"Signals that were right. {unless('interval')}",
            EVENTS,
        ),
        Measure(
            "Hit rate %",
            "100 * DIVIDE ( [Hits] + 0, [Signals with outcome] )",
            PERCENT,
            "Hits of the signals with outcome; read it beside their number, few cases tell little. "
            + unless("interval"),
            EVENTS,
        ),
    ),
)
PATTERNS: Final = Table(
    "Patterns",
    "patterns",
    "One row per bar and classic candle pattern.",
    keyed(
        columns(timestamp=BAR_TIMES, text="pattern direction", exact=OHLC, volume="volume"),
    ),
    (rows("Number of patterns", "Patterns", "bars and patterns"),),
)
DATA_QUALITY: Final = Table(
    "Data quality",
    "data_quality",
    "One row per symbol, interval and date: which bars are missing, and why.",
    keyed(
        columns(
            text="day_kind status recycled_signs",
            whole="expected_bars stored_bars no_trade_bars missing_bars outage_bars "
            "longest_gap_bars outside_bars revised_bars rejected_records unknown_basis_bars bases",
            percent="completeness_percent",
            number="lag_seconds_median lag_seconds_longest",
            timestamp="opens_at_utc closes_at_utc first_bar_utc last_bar_utc",
        )
    ),
    (
        total("Expected bars", _QUALITY, "expected_bars", QUALITY),
        total("Stored bars", _QUALITY, "stored_bars", QUALITY),
        total("Bars without trade", _QUALITY, "no_trade_bars", QUALITY),
        total("Missing bars", _QUALITY, "missing_bars", QUALITY),
        total("Bars in outages", _QUALITY, "outage_bars", QUALITY),
        total("Revised bars", _QUALITY, "revised_bars", QUALITY),
        total("Rejected records", _QUALITY, "rejected_records", QUALITY),
        Measure(
            "Completeness %",
            f"100 * DIVIDE ( SUM ( {_QUALITY}[stored_bars] ), SUM ( {_QUALITY}[expected_bars] ) )",
            PERCENT,
            "Stored bars of those expected.",
            QUALITY,
        ),
        Measure(
            "Longest lag in seconds",
            f"MAX ( {_QUALITY}[lag_seconds_longest] )",
            NUMBER,
            "Longest time from the vendor's answer until a bar was stored.",
            QUALITY,
        ),
    ),
)
