"""The report as JSON, and what every page of it keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from powerbi.model.definitions import ModelError
from powerbi.model.semantic_model import MODEL
from powerbi.report import fields, pages, theme
from powerbi.report.definitions import Field, Page, Report, fields_used, require_known
from powerbi.report.expressions import last_days, literal, one_of
from powerbi.report.pbir import report_files
from tests.unit.powerbi import small

SCHEMA = "https://developer.microsoft.com/json-schemas/fabric/item/report/definition"
REPORT = pages.report("AAPL", "5min")

MAX_VISUALS = 7
"""Each visual is a query of its own at every refresh, for every viewer."""


def files(report: Report) -> dict[str, Any]:
    return {path: json.loads(text) for path, text in report_files("Small", report).items()}


def test_a_page_is_written_whole() -> None:
    page = files(small.REPORT)["definition/pages/first/page.json"]
    refresh = {
        "properties": {
            "show": {"expr": {"Literal": {"Value": "true"}}},
            "duration": {"expr": {"Literal": {"Value": "'PT5S'"}}},
        }
    }
    assert page == {
        "$schema": f"{SCHEMA}/page/2.1.0/schema.json",
        "name": "first",
        "displayName": "First page",
        "displayOption": "FitToPage",
        "height": 720,
        "width": 1280,
        "filterConfig": {"filters": []},
        "objects": {"pageRefresh": [refresh]},
    }


def test_a_visual_is_written_whole() -> None:
    visual = files(small.REPORT)["definition/pages/first/visuals/line/visual.json"]
    day = {"Column": {"Expression": {"SourceRef": {"Entity": "Day bars"}}, "Property": "day"}}
    twice = {"Measure": {"Expression": {"SourceRef": {"Entity": "Day bars"}}, "Property": "Twice"}}
    title = {
        "properties": {
            "show": {"expr": {"Literal": {"Value": "true"}}},
            "text": {"expr": {"Literal": {"Value": "'It''s twice'"}}},
        }
    }
    alt_text = {
        "properties": {"altText": {"expr": {"Literal": {"Value": "'Twice the close by day.'"}}}}
    }
    category = {"field": day, "queryRef": "Day bars.day", "nativeQueryRef": "day", "active": True}
    value = {"field": twice, "queryRef": "Day bars.Twice", "nativeQueryRef": "Twice"}
    assert visual == {
        "$schema": f"{SCHEMA}/visualContainer/2.9.0/schema.json",
        "name": "line",
        "position": {"x": 1, "y": 2, "z": 0, "height": 4, "width": 3, "tabOrder": 0},
        "visual": {
            "visualType": "lineChart",
            "query": {
                "queryState": {
                    "Category": {"projections": [category]},
                    "Y": {"projections": [value]},
                },
                "sortDefinition": {
                    "sort": [{"field": day, "direction": "Descending"}],
                    "isDefaultSort": False,
                },
            },
            "objects": {},
            "visualContainerObjects": {"title": [title], "general": [alt_text]},
            "drillFilterOtherVisuals": True,
        },
        "filterConfig": {"filters": []},
    }


@pytest.mark.parametrize("page", REPORT.pages, ids=lambda page: page.name)
def test_a_page_is_light_live_and_filtered(page: Page) -> None:
    assert len(page.visuals) <= MAX_VISUALS
    assert page.refresh_seconds == 30
    slicers = [visual.roles["Values"][0] for visual in page.visuals if visual.kind == "slicer"]
    assert slicers == [fields.SYMBOL, fields.INTERVAL, fields.SESSION]


@pytest.mark.parametrize("page", REPORT.pages, ids=lambda page: page.name)
def test_visuals_lie_on_the_page_and_not_on_each_other(page: Page) -> None:
    places = [visual.place for visual in page.visuals]
    for number, place in enumerate(places):
        assert place.x >= 0
        assert place.y >= 0
        assert place.x + place.width <= 1280
        assert place.y + place.height <= 720
        for other in places[:number]:
            beside = place.x >= other.x + other.width or other.x >= place.x + place.width
            below = place.y >= other.y + other.height or other.y >= place.y + place.height
            assert beside or below, (place, other)


@pytest.mark.parametrize("page", REPORT.pages, ids=lambda page: page.name)
def test_the_keyboard_goes_through_a_page_as_one_reads_it(page: Page) -> None:
    written = files(REPORT)
    orders = {}
    for visual in page.visuals:
        path = f"definition/pages/{page.name}/visuals/{visual.name}/visual.json"
        orders[written[path]["position"]["tabOrder"]] = (visual.place.y, visual.place.x)
    assert len(orders) == len(page.visuals)
    assert [place for _, place in sorted(orders.items())] == sorted(orders.values())


def test_every_visual_says_to_a_screen_reader_what_it_shows() -> None:
    visuals = [visual for page in REPORT.pages for visual in page.visuals]
    assert len({visual.alt_text for visual in visuals if visual.kind != "slicer"}) > 15
    for visual in visuals:
        shown = [field for fields in visual.roles.values() for field in fields]
        named = [field for field in shown if field.name.replace("_", " ") in visual.alt_text]
        assert named, visual.name
        assert len(visual.alt_text) <= 250, visual.name


def test_all_names_are_short_and_used_once() -> None:
    names = [page.name for page in REPORT.pages]
    names += [visual.name for page in REPORT.pages for visual in page.visuals]
    assert len(names) == len({*names})
    assert all(len(name) <= 50 and name.replace("_", "").isalnum() for name in names)


def test_every_field_exists_with_its_kind() -> None:
    require_known(REPORT, MODEL)
    used = {field for _, field in fields_used(REPORT)}
    # Those that only formatting refers to are looked at too.
    assert fields.CANDLES.high in used
    assert Field("Volatility", "Upper band", is_measure=True) in used


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        (Field("Nights", "day"), "the model has no table Nights"),
        (Field("Day bars", "open"), "first/line: Day bars has no column open"),
        (Field("Day bars", "Twice"), "first/line: Day bars has no column Twice"),
        (Field("Day bars", "close", is_measure=True), "Day bars has no measure close"),
    ],
)
def test_a_field_that_is_not_there_is_refused(field: Field, complaint: str) -> None:
    require_known(small.REPORT, small.MODEL)
    line = replace(small.LINE, roles={**small.LINE.roles, "Y": [field]})
    with pytest.raises(ModelError, match=complaint):
        require_known(Report((Page("first", "First", (line,)),)), small.MODEL)


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (3, "3L"), (1.5, "1.5D"), ("it's", "'it''s'")]
)
def test_literals(value: bool | float | str, text: str) -> None:
    assert literal(value) == {"expr": {"Literal": {"Value": text}}}


def test_filters_name_their_field() -> None:
    wanted = one_of("days", small.DAY, "a", "b")
    assert wanted.condition == {
        "Version": 2,
        "From": [{"Name": "f", "Entity": "Day bars", "Type": 0}],
        "Where": [
            {
                "Condition": {
                    "In": {
                        "Expressions": [
                            {
                                "Column": {
                                    "Expression": {"SourceRef": {"Source": "f"}},
                                    "Property": "day",
                                }
                            }
                        ],
                        "Values": [
                            [{"Literal": {"Value": "'a'"}}],
                            [{"Literal": {"Value": "'b'"}}],
                        ],
                    }
                }
            }
        ],
    }
    text = json.dumps(last_days("recent", small.DAY, 30).condition)
    assert '"Amount": -30' in text
    assert '"Property": "day"' in text


def test_the_theme_is_called_like_its_file() -> None:
    written = files(small.REPORT)
    content = written[f"StaticResources/RegisteredResources/{theme.THEME_FILE}"]
    custom = written["definition/report.json"]["themeCollection"]["customTheme"]
    assert content["name"] == custom["name"] == theme.THEME_FILE
