"""The candles of Deneb as Vega-Lite draws them."""

from __future__ import annotations

import json

import pytest
import vl_convert

from powerbi.report import deneb, theme
from powerbi.report.fields import CANDLE_TIME, CANDLE_VOLUME, CANDLES

DAYS = [
    {"open": 100.0, "high": 103.0, "low": 99.0, "close": 102.0},
    {"open": 51.0, "high": 52.0, "low": 49.0, "close": 50.0},
]


def drawing(marked: list[int]) -> str:
    rows = []
    for number, day in enumerate(DAYS):
        shown = {
            CANDLES.open: day["open"],
            CANDLES.high: day["high"],
            CANDLES.low: day["low"],
            CANDLES.close: day["close"],
            CANDLE_VOLUME: 1000,
            CANDLES.marker: day["high"] if number in marked else None,
        }
        row: dict[str, object] = {field.name: value for field, value in shown.items()}
        rows.append({CANDLE_TIME.name: f"2026-11-0{number + 2}T09:30:00", **row})
    chart = deneb.specification(CANDLE_TIME, CANDLES, CANDLE_VOLUME, width=600)
    text = json.dumps({**chart, "data": {"values": rows}})
    return vl_convert.vegalite_to_svg(text, vl_version=deneb.VEGA_LITE_VERSION)


@pytest.mark.parametrize("marked", [[], [1], [0, 1]])
def test_what_a_split_or_dividend_took_effect_with_is_marked(marked: list[int]) -> None:
    drawn = drawing(marked).lower()
    assert drawn.count(f'stroke="{theme.MARKER.lower()}"') == len(marked)
    assert theme.UP.lower() in drawn
