"""The pages of what happened: anomalies, signals and patterns; what is missing of the data."""

from __future__ import annotations

from powerbi.model.definitions import Table
from powerbi.model.event_tables import ANOMALIES, DATA_QUALITY, PATTERNS, SIGNALS
from powerbi.report import theme
from powerbi.report.definitions import UPPER, Place, Sort, Visual
from powerbi.report.fields import INTERVAL, SESSION, SYMBOL, column, measure
from powerbi.report.visuals import Chart, column_chart, table


def anomalies_signals() -> tuple[Visual, ...]:
    """Return what stands out, the rules that fired, how often they were right, and patterns."""
    rates = (
        column(SIGNALS, "rule"),
        column(SIGNALS, "direction"),
        *(measure(SIGNALS, each) for each in ("Signals with outcome", "Hits", "Hit rate %")),
    )
    return (
        _listed("anomalies", UPPER, "Anomalies", ANOMALIES, "severity", "kind", "reason"),
        _listed(
            "signals",
            Place(16, 448, 560, 256),
            "Signals, and how often the rule was right before",
            SIGNALS,
            *("rule", "direction", "close", "past_signals", "past_hit_rate_percent"),
            *("past_hit_rate_low_percent", "past_hit_rate_high_percent", "base_rate_percent"),
        ),
        table(
            "hit_rates",
            Place(588, 448, 340, 256),
            "Hit rates of what is chosen",
            rates,
            Sort(rates[0]),
        ),
        _listed(
            "patterns",
            Place(940, 448, 324, 256),
            "Candle patterns",
            PATTERNS,
            *("pattern", "direction"),
        ),
    )


def data_quality() -> tuple[Visual, ...]:
    """Return how complete the sessions are, by date, by series, and each one's status."""
    stored, untraded, missing, outage = (
        measure(DATA_QUALITY, name)
        for name in ("Stored bars", "Bars without trade", "Missing bars", "Bars in outages")
    )
    colours = {
        stored: theme.UP,
        untraded: theme.MUTED,
        missing: theme.DOWN,
        outage: theme.WICK,
    }
    slots = Chart("Expected bars by date, and what became of them", SESSION, [*colours])
    summed = [
        measure(DATA_QUALITY, name)
        for name in ("Completeness %", "Missing bars", "Rejected records", "Longest lag in seconds")
    ]
    sessions = [SESSION, SYMBOL, INTERVAL]
    sessions += [
        column(DATA_QUALITY, name)
        for name in (
            "day_kind",
            "status",
            "completeness_percent",
            "longest_gap_bars",
            "recycled_signs",
        )
    ]
    return (
        column_chart("quality_bars", UPPER, Chart(slots.title, slots.x, slots.y, colours=colours)),
        table(
            "quality_series",
            Place(16, 448, 560, 256),
            "Series",
            [SYMBOL, INTERVAL, *summed],
            Sort(SYMBOL),
        ),
        table(
            "quality_sessions",
            Place(588, 448, 676, 256),
            "Sessions, the newest first",
            sessions,
            Sort(SESSION, "Descending"),
        ),
    )


def _listed(name: str, place: Place, title: str, of: Table, *names: str) -> Visual:
    fields = [column(of, each) for each in ("bar_time_exchange", *names)]
    return table(name, place, title, fields, Sort(fields[0], "Descending"))
