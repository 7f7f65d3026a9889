"""The model against a real database: columns, the queries of every visual, a chart of its bars."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import vl_convert

from powerbi.model.definitions import PRICE_BASES, Kind
from powerbi.model.semantic_model import MODEL
from powerbi.queries import visual_query
from powerbi.report import deneb, fields, pages, theme
from powerbi.report.definitions import Visual
from tests.fixtures.market import Market

READER = "powerbi_reader"
SESSION = "2025-11-06"
BARS = """
insert into market.events_stream (
    symbol, bar_time, interval, open, high, low, close, volume, session_date, source, freshness,
    basis, is_final, observed_at, kafka_partition, kafka_offset
)
select
    symbol, day + number * interval '5 minutes', '5min',
    200 + number % 7, 212 + number % 5, 190 - number % 3, 200 + (number * 5) % 9, 1000 + number,
    (day at time zone 'UTC')::date, 'alphavantage', 'realtime', 'raw', true, now(), 0, number
from generate_series(0, 77) as number
cross join (values ('AAPL'), ('TSLA')) as s (symbol)
cross join generate_series(
    timestamptz '2025-08-09 14:30Z', timestamptz '2025-11-06 14:30Z', interval '1 day'
) as day
"""
SERIES = "insert into market.series (symbol, interval) values ('AAPL', '5min'), ('TSLA', '5min')"
CHOSEN = {
    fields.SYMBOL: "'AAPL'",
    fields.INTERVAL: "'5min'",
    fields.SESSION: f"timestamp '{SESSION} 00:00:00'",
}
VISUALS = {
    visual.name: visual
    for page in pages.report("AAPL", "5min").pages
    for visual in page.visuals
    if visual.kind != "slicer"
}
SLICERS = [
    visual for visual in pages.report("AAPL", "5min").pages[0].visuals if visual.kind == "slicer"
]


MOST_BARS_READ = 6_000
"""What is usual at a minute of the day is told by 30 days of one symbol, which are read twice."""

POSTGRES_TYPES: dict[Kind, frozenset[str]] = {
    "text": frozenset({"text", "character varying"}),
    "whole": frozenset({"bigint", "integer", "smallint"}),
    **dict.fromkeys(
        ("number", "exact", "percent", "volume"),
        frozenset({"numeric", "double precision", "real"}),
    ),
    "timestamp": frozenset({"timestamp without time zone"}),
    "date": frozenset({"date"}),
    "flag": frozenset({"boolean"}),
}
"""The types, as information_schema calls them, that a column of each kind may have."""


@pytest.fixture
def filled(market: Market) -> Market:
    """Return a database with 90 sessions of two symbols, 14,040 bars."""
    market.run(BARS)
    market.run(SERIES)
    market.run("analyze")
    return market


def test_every_column_is_in_its_view_with_its_type(market: Market) -> None:
    found = {
        (view, column): data_type
        for view, column, data_type in market.rows(
            "select table_name, column_name, data_type from information_schema.columns "
            "where table_schema = 'bi'",
            (),
            READER,
        )
    }
    wrong = [
        f"bi.{view}.{column.name} is {found.get((view, column.name))}, not {column.kind}"
        for table in MODEL.tables
        for view in {table.view_on(basis) for basis in PRICE_BASES}
        for column in table.columns
        if found.get((view, column.name)) not in POSTGRES_TYPES[column.kind]
    ]
    assert "; ".join(wrong) == ""


def test_the_kinds_cover_what_the_views_of_the_model_hold(market: Market) -> None:
    """A column that the model leaves out is left out on purpose, and named here. Reports have
    bar_time by its clocks."""
    modelled = {table.view: {column.name for column in table.columns} for table in MODEL.tables}
    left_out = sorted(
        f"{view}.{column}"
        for view, column in market.rows(
            "select table_name, column_name from information_schema.columns "
            "where table_schema = 'bi'"
        )
        if view in modelled and column not in modelled[view] and column != "bar_time"
    )
    assert left_out == [
        "candles.basis",  # a report chooses one; bi.price_bases tells of a mixture
        "comparison.base_time",  # the open, which bi.exchange_sessions has by its clocks
        *("dates.closes_at_utc", "dates.opens_at_utc"),
        "latest_quote.delay_seconds",  # the page's strip shows it
        "latest_quote.quote_time",  # null without QUOTES, and has no clock of its exchange
    ]


def query_of(visual: Visual) -> str:
    return visual_query(MODEL, visual, {} if visual.kind == "slicer" else CHOSEN)


def test_a_choice_in_the_slicers_bounds_what_is_read(filled: Market) -> None:
    """Through the relationships and the views, down to each scan of the bars."""
    # The list of corporate actions is of no bars.
    shown = {name: one for name, one in VISUALS.items() if not name.endswith("_actions")}
    read = {name: bars_read(filled, query_of(visual)) for name, visual in shown.items()}
    assert {name: bars for name, bars in read.items() if not 0 < bars <= MOST_BARS_READ} == {}

    unbounded = visual_query(MODEL, VISUALS["live_candles"], {})
    assert bars_read(filled, unbounded) >= 14_040


def bars_read(market: Market, query: str) -> int:
    """Return how many rows the scans of the bars gave or threw away."""
    [(plan,)] = market.rows(f"explain (analyze, format json) {query}", (), READER)
    return sum(
        int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in nodes(plan)
        if node.get("Relation Name", "").startswith("events_stream")
    )


def nodes(plan: Any) -> Iterator[dict[str, Any]]:
    """Yield every node of a plan."""
    if isinstance(plan, dict):
        if "Node Type" in plan:
            yield plan
        for value in plan.values():
            yield from nodes(value)
    elif isinstance(plan, list):
        for value in plan:
            yield from nodes(value)


def test_every_visual_is_answered(filled: Market) -> None:
    counts = {
        visual.name: len(filled.rows(query_of(visual), (), READER))
        for visual in (*SLICERS, *VISUALS.values())
    }
    assert counts["live_symbol"] == 2
    assert counts["live_interval"] == 6
    assert counts["live_session"] > 5000
    bars = ("live_candles", "live_volume", "deneb_candles", "flow_columns", "comparison_lines")
    assert {name: counts[name] for name in bars} == dict.fromkeys(bars, 78)
    assert {counts[name] for name in ("volatility_bands", "intraday_volume")} == {78}
    assert (counts["live_quote"], counts["comparison_pairs"]) == (1, 1)


def test_the_candles_of_deneb_are_drawn_of_live_bars(filled: Market) -> None:
    rows = filled.rows(
        "select bar_time_exchange, open, high, low, close, volume from bi.candles "
        "where symbol = 'AAPL' and interval = '5min' and session_date = %s order by 1",
        (SESSION,),
        READER,
    )
    assert len(rows) == 78
    candles = fields.CANDLES
    shown = (
        fields.CANDLE_TIME,
        *(candles.open, candles.high, candles.low, candles.close, fields.CANDLE_VOLUME),
    )
    names = [field.name for field in shown]
    data = [
        dict(zip(names, [row[0].isoformat(), *map(float, row[1:])], strict=True)) for row in rows
    ]
    rising = sum(row[4] >= row[1] for row in rows)
    assert 0 < rising < 78

    chart = {
        **deneb.specification(fields.CANDLE_TIME, candles, fields.CANDLE_VOLUME, width=1000),
        "data": {"values": data},
    }
    text = json.dumps(chart)
    drawing = vl_convert.vegalite_to_svg(text, vl_version=deneb.VEGA_LITE_VERSION)
    fills = Counter(re.findall(r'<path aria-label[^>]*fill="(#\w+)"', drawing))
    # Each candle's body and its volume.
    assert fills[theme.UP.lower()] + fills[theme.UP] == 2 * rising
    assert fills[theme.DOWN.lower()] + fills[theme.DOWN] == 2 * (78 - rising)

    picture = vl_convert.vegalite_to_png(text, vl_version=deneb.VEGA_LITE_VERSION)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(picture) > 10_000
