"""Builders of visuals: what to show and where → a Visual with the formatting that it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from powerbi.json_text import Json
from powerbi.report import theme
from powerbi.report.definitions import Field, Filter, Place, Sort, Visual
from powerbi.report.expressions import colour, is_one_of, literal, properties, reference

MARKED = "a triangle marks splits, spin-offs and dividends."
Entries = list[Mapping[str, Json]]

_LEGEND = properties(show=True, position="Top", showTitle=False)
_NO_LEGEND = properties(show=False)
_GAPLESS_AXIS = properties(show=True, showAxisTitle=False, axisType="Scalar")
_VALUE_AXIS = properties(show=True, showAxisTitle=False)


@dataclass(frozen=True)
class Choice:
    """What a slicer offers: by default one value of all, the first one first."""

    many: bool = False
    newest_first: bool = False
    selected: str = ""
    filters: Sequence[Filter] = ()


def slicer(name: str, place: Place, field: Field, choice: Choice) -> Visual:
    """Return a drop-down list. Those of one value hold on all pages, those of many on theirs."""
    objects: dict[str, Entries] = {
        "data": [properties(mode="Dropdown")],
        "selection": [properties(strictSingleSelect=not choice.many)],
        "header": [properties(show=True)],
    }
    if choice.selected:
        chosen = is_one_of(field, choice.selected)
        objects["general"] = [{"properties": {"filter": {"filter": chosen}}}]
    return Visual(
        name=name,
        kind="slicer",
        place=place,
        roles={"Values": [field]},
        alt_text=f"List: choose {'any' if choice.many else 'one'} {spoken(field)}.",
        objects=objects,
        sort=Sort(field, "Descending" if choice.newest_first else "Ascending"),
        filters=choice.filters,
        sync="" if choice.many else field.query_ref,
    )


@dataclass(frozen=True)
class Chart:
    """What a chart of the core visuals shows: values along `x`, one line a value of `series`."""

    title: str
    x: Field
    y: Sequence[Field]
    series: Field | None = None
    second_y: Sequence[Field] = ()
    colours: Mapping[Field, str] | None = None


def line_chart(name: str, place: Place, chart: Chart) -> Visual:
    """Return lines over time."""
    return _chart(name, "lineChart", place, chart)


def column_chart(name: str, place: Place, chart: Chart) -> Visual:
    """Return stacked columns."""
    return _chart(name, "columnChart", place, chart)


def column_and_line_chart(name: str, place: Place, chart: Chart) -> Visual:
    """Return columns of `y` and, on an axis of their own, lines of `second_y`."""
    return _chart(name, "lineClusteredColumnComboChart", place, chart)


def table(name: str, place: Place, title: str, fields: Sequence[Field], sort: Sort) -> Visual:
    """Return a table without totals."""
    return Visual(
        name=name,
        kind="tableEx",
        place=place,
        roles={"Values": fields},
        alt_text=f"Table, {title}: {_listed(fields)}.",
        title=title,
        objects={"total": [properties(totals=False)]},
        sort=sort,
    )


@dataclass(frozen=True)
class Candles:
    """The measures that candles are drawn of; a body is blank for bars of the other direction.

    The marker stands on what a split, spin-off or dividend took effect with.
    """

    open: Field
    high: Field
    low: Field
    close: Field
    up_body: Field
    down_body: Field
    marker: Field


def candle_chart(name: str, place: Place, title: str, x: Field, candles: Candles) -> Visual:
    """Return candles out of what every Power BI has: invisible lines with error bars.

    Bars of a width in pixels; beyond some 120 candles they touch each other.
    """
    bars = (
        (candles.close, candles.high, candles.low, theme.WICK, 1.0),
        (candles.up_body, candles.close, candles.open, theme.UP, 6.0),
        (candles.down_body, candles.open, candles.close, theme.DOWN, 6.0),
    )
    lines: Entries = [
        properties(strokeShow=False, showMarker=False),
        {
            "properties": {
                "showMarker": literal(True),
                "markerShape": literal("triangle"),
                "markerSize": literal(10),
                "markerColor": colour(theme.MARKER),
            },
            "selector": {"metadata": candles.marker.query_ref},
        },
    ]
    errors: Entries = []
    for field, upper, lower, fill, width in bars:
        errors += [_error_range(field, upper, lower), _error_bars(field, fill, width)]
    return Visual(
        name=name,
        kind="lineChart",
        place=place,
        roles={
            "Category": [x],
            "Y": [*(bar[0] for bar in bars), candles.marker],
            "Tooltips": [candles.open],
        },
        alt_text=f"Chart, {title}: open, high, low and close price by {spoken(x)}; {MARKED}",
        title=title,
        objects={
            "lineStyles": lines,
            "error": errors,
            "legend": [_NO_LEGEND],
            "categoryAxis": [_GAPLESS_AXIS],
            "valueAxis": [_VALUE_AXIS],
        },
        sort=Sort(x),
    )


def banded_line_chart(name: str, place: Place, chart: Chart, upper: Field, lower: Field) -> Visual:
    """Return lines of which the last one of `y` has a shaded band from `lower` to `upper`."""
    middle = chart.y[-1]
    shade: dict[str, Json] = {
        "enabled": literal(True),
        "barShow": literal(False),
        "markerShow": literal(False),
        "shadeShow": literal(True),
        "shadeColor": colour(theme.BAND),
        "shadeTransparency": literal(70.0),
        "tooltipShow": literal(False),
    }
    entry: Mapping[str, Json] = {
        "properties": shade,
        "selector": {"metadata": middle.query_ref},
    }
    plain = _chart(name, "lineChart", place, chart)
    objects = {**plain.objects, "error": [_error_range(middle, upper, lower), entry]}
    band = f"{plain.alt_text} The band reaches from {lower.name} to {upper.name}."
    return replace(plain, alt_text=band, objects=objects)


def spoken(field: Field) -> str:
    """Return the name of a field as it is said."""
    return field.name.replace("_", " ")


def _listed(fields: Sequence[Field]) -> str:
    *before, latest = map(spoken, fields)
    return f"{', '.join(before)} and {latest}" if before else latest


def _chart(name: str, kind: str, place: Place, chart: Chart) -> Visual:
    roles: dict[str, Sequence[Field]] = {"Category": [chart.x], "Y": chart.y}
    if chart.series:
        roles["Series"] = [chart.series]
    if chart.second_y:
        roles["Y2"] = chart.second_y
    many = chart.series is not None or len(chart.y) + len(chart.second_y) > 1
    objects: dict[str, Entries] = {
        "legend": [_LEGEND if many else _NO_LEGEND],
        "categoryAxis": [_GAPLESS_AXIS],
        "valueAxis": [_VALUE_AXIS],
    }
    if chart.colours:
        objects["dataPoint"] = [
            {"properties": {"fill": colour(fill)}, "selector": {"metadata": field.query_ref}}
            for field, fill in chart.colours.items()
        ]
    shown = _listed([*chart.y, *chart.second_y])
    each = f", a line each {spoken(chart.series)}" if chart.series else ""
    text = f"Chart, {chart.title}: {shown} by {spoken(chart.x)}{each}."
    return Visual(name, kind, place, roles, text, chart.title, objects=objects, sort=Sort(chart.x))


def _error_range(field: Field, upper: Field, lower: Field) -> Mapping[str, Json]:
    explicit: dict[str, Json] = {
        "isRelative": literal(False),
        "upperBound": {"expr": reference(upper)},
        "lowerBound": {"expr": reference(lower)},
    }
    return {
        "properties": {"errorRange": {"kind": "ErrorRange", "explicit": explicit}},
        "selector": {
            "data": [{"dataViewWildcard": {"matchingOption": 0}}],
            "metadata": field.query_ref,
            "highlightMatching": 1,
        },
    }


def _error_bars(field: Field, fill: str, width: float) -> Mapping[str, Json]:
    return {
        "properties": {
            "enabled": literal(True),
            "barShow": literal(True),
            "barMatchSeriesColor": literal(False),
            "barColor": colour(fill),
            "barWidth": literal(width),
            "barBorderSize": literal(0),
            "markerShow": literal(False),
            "tooltipShow": literal(False),
        },
        "selector": {"metadata": field.query_ref},
    }
