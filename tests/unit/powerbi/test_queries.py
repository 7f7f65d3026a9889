"""The queries that Power BI would send."""

from __future__ import annotations

from dataclasses import replace

import pytest

from powerbi.model.definitions import ModelError
from powerbi.model.semantic_model import MODEL
from powerbi.queries import visual_query
from powerbi.report import fields, pages
from powerbi.report.definitions import Field
from tests.unit.powerbi import small

SYMBOL = Field("Symbols", "symbol")


def test_a_query_joins_filters_and_groups() -> None:
    assert visual_query(small.MODEL, small.LINE, {SYMBOL: "'AAPL'"}) == (
        'select "Day bars"."day", max("Day bars"."close")\n'
        'from "bi"."day_bars" as "Day bars"\n'
        'left join "bi"."symbols" as "Symbols" on "Day bars"."symbol" = "Symbols"."symbol"\n'
        'where "Symbols"."symbol" = \'AAPL\'\n'
        'group by "Day bars"."day"\n'
        "limit 1000001"
    )


def test_rows_are_counted_and_nothing_need_be_chosen() -> None:
    rows = Field("Day bars", "Rows", is_measure=True)
    card = replace(small.LINE, roles={"Values": [rows]}, sort=None)
    assert visual_query(small.MODEL, card, {}) == (
        'select count(*)\nfrom "bi"."day_bars" as "Day bars"\nlimit 1000001'
    )


def test_tables_that_nothing_relates_are_refused() -> None:
    quote = Field("Quotes", "Latest price", is_measure=True)
    mixed = replace(small.LINE, roles={"Values": [quote, fields.CANDLE_TIME]}, sort=None)
    with pytest.raises(ModelError, match="Quotes and Candles"):
        visual_query(MODEL, mixed, {})


def test_a_candle_chart_asks_for_all_four_prices() -> None:
    [chart] = [
        visual
        for page in pages.report("AAPL", "5min").pages
        for visual in page.visuals
        if visual.name == "live_candles"
    ]
    first = visual_query(MODEL, chart, {}).splitlines()[0]
    assert first == (
        'select "Candles"."bar_time_exchange", count(distinct "Candles"."interval"), '
        'count(distinct "Candles"."session_date"), count(distinct "Candles"."symbol"), '
        'max("Candles"."bar_time_utc"), '
        'max("Candles"."close"), max("Candles"."high"), max("Candles"."open"), '
        'min("Candles"."bar_time_utc"), min("Candles"."low")'
    )


def test_a_sum_over_rows_is_one_of_the_database() -> None:
    vwap = Field("Candles", "VWAP", is_measure=True)
    card = replace(small.LINE, roles={"Values": [vwap]}, sort=None)
    assert visual_query(MODEL, card, {}).splitlines()[0] == (
        'select count(distinct "Candles"."interval"), count(distinct "Candles"."symbol"), '
        'sum("Candles"."volume" * '
        '( "Candles"."high" + "Candles"."low" + "Candles"."close" ) / 3), '
        'sum("Candles"."volume")'
    )


def test_a_join_that_always_matches_is_an_inner_one() -> None:
    day = Field("Dates", "session_date")
    bars = Field("Bars", "Number of bars", is_measure=True)
    listed = replace(small.LINE, roles={"Values": [SYMBOL, day, bars]}, sort=None)
    lines = visual_query(MODEL, listed, {}).splitlines()
    assert [line.split(" on ")[0] for line in lines if "join" in line] == [
        'inner join "bi"."symbols" as "Symbols"',
        'left join "bi"."dates" as "Dates"',
    ]
