"""A report in, the files of a .Report folder out (PBIR).

Every file names one version of Microsoft's schemas, and the oldest that serves: an older Desktop
cannot open a newer one, a newer Desktop upgrades it on saving.
"""

from __future__ import annotations

from collections.abc import Sequence

from powerbi.identity import tag
from powerbi.json_text import Json, json_text
from powerbi.model.tmdl import platform_text
from powerbi.report.definitions import PAGE_HEIGHT, PAGE_WIDTH, Field, Filter, Page, Report, Visual
from powerbi.report.expressions import literal, properties, reference
from powerbi.report.theme import THEME_FILE, theme

_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/item/report"


def report_files(name: str, report: Report) -> dict[str, str]:
    """Return path → text of the report's folder; paths are relative to it."""
    files = {
        ".platform": platform_text("Report", name),
        "definition.pbir": json_text(
            {
                "$schema": f"{_SCHEMAS}/definitionProperties/2.0.0/schema.json",
                "version": "4.0",
                "datasetReference": {"byPath": {"path": f"../{name}.SemanticModel"}},
            }
        ),
        "definition/version.json": json_text(
            {"$schema": _schema("versionMetadata/1.0.0"), "version": "2.0.0"}
        ),
        "definition/report.json": json_text(_report_json(report)),
        "definition/pages/pages.json": json_text(
            {
                "$schema": _schema("pagesMetadata/1.0.0"),
                "pageOrder": [page.name for page in report.pages],
                "activePageName": report.pages[0].name,
            }
        ),
        f"StaticResources/RegisteredResources/{THEME_FILE}": json_text(theme()),
    }
    for page in report.pages:
        folder = f"definition/pages/{page.name}"
        files[f"{folder}/page.json"] = json_text(_page_json(page))
        for order, visual in enumerate(page.visuals):
            text = json_text(_visual_json(visual, order))
            files[f"{folder}/visuals/{visual.name}/visual.json"] = text
    return files


def _schema(name: str) -> str:
    return f"{_SCHEMAS}/definition/{name}/schema.json"


def _report_json(report: Report) -> Json:
    version: Json = {"visual": "2.4.0", "page": "2.0.0", "report": "3.0.0"}
    item: Json = {"name": THEME_FILE, "path": THEME_FILE, "type": "CustomTheme"}
    return {
        "$schema": _schema("report/3.0.0"),
        "themeCollection": {
            "customTheme": {
                "name": THEME_FILE,
                "reportVersionAtImport": version,
                "type": "RegisteredResources",
            }
        },
        "publicCustomVisuals": list(report.custom_visuals),
        "resourcePackages": [
            {"name": "RegisteredResources", "type": "RegisteredResources", "items": [item]}
        ],
        "settings": {
            "useStylableVisualContainerHeader": True,
            "exportDataMode": "AllowSummarized",
            "useEnhancedTooltips": True,
        },
    }


def _page_json(page: Page) -> Json:
    return {
        "$schema": _schema("page/2.0.0"),
        "name": page.name,
        "displayName": page.title,
        "displayOption": "FitToPage",
        "height": PAGE_HEIGHT,
        "width": PAGE_WIDTH,
        "filterConfig": _filters_json(page.name, page.filters),
        "objects": {
            "pageRefresh": [properties(show=True, duration=f"PT{page.refresh_seconds}S")],
        },
    }


def _visual_json(visual: Visual, order: int) -> Json:
    place = visual.place
    content: dict[str, Json] = {
        "visualType": visual.kind,
        "query": _query_json(visual),
        "objects": {name: list(entries) for name, entries in visual.objects.items()},
        "visualContainerObjects": {"title": [_title_json(visual.title)]},
        "drillFilterOtherVisuals": True,
    }
    if visual.sync:
        content["syncGroup"] = {
            "groupName": visual.sync,
            "fieldChanges": True,
            "filterChanges": True,
        }
    return {
        "$schema": _schema("visualContainer/2.4.0"),
        "name": visual.name,
        "position": {
            "x": place.x,
            "y": place.y,
            "z": order * 1000,
            "height": place.height,
            "width": place.width,
            "tabOrder": order * 1000,
        },
        "visual": content,
        "filterConfig": _filters_json(visual.name, visual.filters),
    }


def _title_json(title: str) -> Json:
    if not title:
        return properties(show=False)
    return {"properties": {"show": literal(True), "text": literal(title)}}


def _query_json(visual: Visual) -> Json:
    query: dict[str, Json] = {
        "queryState": {
            role: {"projections": [_projection_json(item, role) for item in fields]}
            for role, fields in visual.roles.items()
        }
    }
    if visual.sort:
        query["sortDefinition"] = {
            "sort": [{"field": reference(visual.sort.by), "direction": visual.sort.direction}],
            "isDefaultSort": False,
        }
    return query


def _projection_json(item: Field, role: str) -> Json:
    projection: dict[str, Json] = {
        "field": reference(item),
        "queryRef": item.query_ref,
        "nativeQueryRef": item.name,
    }
    if role in ("Category", "Rows"):
        projection["active"] = True
    return projection


def _filters_json(owner: str, filters: Sequence[Filter]) -> Json:
    return {
        "filters": [
            {
                "name": tag("filter", owner, condition.name).replace("-", "")[:20],
                "field": reference(condition.on),
                "type": condition.kind,
                "filter": condition.condition,
            }
            for condition in filters
        ]
    }
