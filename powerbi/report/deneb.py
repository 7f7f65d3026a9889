"""Candles and volume as a Vega-Lite specification, and the Deneb visual that carries it.

Deneb is a free, certified visual of AppSource; its data is called `dataset`, and its fields go by
the names of the measures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from powerbi.json_text import Json
from powerbi.report import theme
from powerbi.report.definitions import Field, Place, Sort, Visual
from powerbi.report.expressions import literal
from powerbi.report.visuals import MARKED, Candles, spoken

VISUAL: Final = "deneb7E15AEF80B9E4D4F8E12924291ECE89A"
VEGA_LITE_VERSION: Final = "6.4"
_AXIS_WIDTH: Final = 90


def specification(x: Field, candles: Candles, volume: Field, width: int) -> dict[str, Json]:
    """Return the specification; `width` is that of its plots in pixels.

    Vega-Lite fits single plots alone into what is around them, and these are two.
    """
    is_up = f"datum[{json.dumps(candles.close.name)}] >= datum[{json.dumps(candles.open.name)}]"
    fill: Json = {"condition": {"test": is_up, "value": theme.UP}, "value": theme.DOWN}
    time: Json = {"field": x.name, "type": "temporal", "axis": {"title": None}}
    price_axis: Json = {"title": "Price", "grid": True}

    def span(low: str, high: str) -> dict[str, Json]:
        scale: Json = {"zero": False}
        return {
            "y": {"field": low, "type": "quantitative", "scale": scale, "axis": price_axis},
            "y2": {"field": high},
        }

    wick: Json = {
        "mark": {"type": "rule", "color": theme.WICK},
        "encoding": span(candles.low.name, candles.high.name),
    }
    body: Json = {
        "mark": {"type": "bar", "size": 5, "tooltip": True},
        "encoding": {**span(candles.open.name, candles.close.name), "color": fill},
    }
    marker: Json = {
        "transform": [{"filter": f"isValid(datum[{json.dumps(candles.marker.name)}])"}],
        "mark": {
            "type": "point",
            "shape": "triangle-down",
            "color": theme.MARKER,
            "yOffset": -8,
        },
        "encoding": {"y": {"field": candles.marker.name, "type": "quantitative"}},
    }
    volumes: Json = {
        "height": 110,
        "width": width,
        "mark": {"type": "bar", "size": 5, "tooltip": True},
        "encoding": {
            "x": time,
            "y": {"field": volume.name, "type": "quantitative", "axis": {"title": "Volume"}},
            "color": fill,
        },
    }
    prices: Json = {
        "height": 340,
        "width": width,
        "encoding": {"x": time},
        "layer": [wick, body, marker],
    }
    return {"data": {"name": "dataset"}, "vconcat": [prices, volumes]}


def candle_visual(name: str, place: Place, x: Field, candles: Candles, volume: Field) -> Visual:
    """Return the Deneb visual with its specification inside."""
    prices = (candles.open, candles.high, candles.low, candles.close)
    shown: Sequence[Field] = (x, *prices, volume, candles.marker)
    settings: dict[str, Json] = {
        "provider": literal("vegaLite"),
        "version": literal(VEGA_LITE_VERSION),
        "renderMode": literal("svg"),
        "jsonSpec": literal(
            json.dumps(specification(x, candles, volume, place.width - _AXIS_WIDTH), indent=2)
        ),
        "jsonConfig": literal(json.dumps({"font": "Segoe UI", "view": {"stroke": None}})),
        "enableTooltips": literal(True),
    }
    return Visual(
        name=name,
        kind=VISUAL,
        place=place,
        roles={"dataset": shown},
        alt_text=f"Chart, candles and volume by {spoken(x)}; {MARKED}",
        title="Candles and volume",
        objects={"vega": [{"properties": settings}]},
        sort=Sort(x),
    )
