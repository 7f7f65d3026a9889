"""A report in, the files of a .Report folder out (PBIR).

Every file names one version of Microsoft's schemas: those of May 2026. An older Desktop cannot open
them, a newer one upgrades them on saving.
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
_VERSIONS = {"visual": "2.9.0", "page": "2.1.0", "report": "3.3.0"}


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
                "$schema": _schema("pagesMetadata/1.1.0"),
                "pageOrder": [page.name for page in report.pages],
                "activePageName": report.pages[0].name,
            }
        ),
        f"StaticResources/RegisteredResources/{THEME_FILE}": json_text(theme()),
    }
    for page in report.pages:
        folder = f"definition/pages/{page.name}"
        files[f"{folder}/page.json"] = json_text(_page_json(page))
        reading = sorted(page.visuals, key=lambda visual: (visual.place.y, visual.place.x))
        for order, visual in enumerate(page.visuals):
            text = json_text(_visual_json(visual, order, reading.index(visual)))
            files[f"{folder}/visuals/{visual.name}/visual.json"] = text
    return files


def _schema(name: str) -> str:
    return f"{_SCHEMAS}/definition/{name}/schema.json"


def _report_json(report: Report) -> Json:
    item: Json = {"name": THEME_FILE, "path": THEME_FILE, "type": "CustomTheme"}
    return {
        "$schema": _schema(f"report/{_VERSIONS['report']}"),
        "themeCollection": {
            "customTheme": {
                "name": THEME_FILE,
                "reportVersionAtImport": _VERSIONS,
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
    refresh: dict[str, Json] = {}
    if page.refresh_seconds is not None:
        duration = f"PT{page.refresh_seconds}S"
        refresh = {"objects": {"pageRefresh": [properties(show=True, duration=duration)]}}
    return {
        "$schema": _schema(f"page/{_VERSIONS['page']}"),
        "name": page.name,
        "displayName": page.title,
        "displayOption": "FitToPage",
        "height": PAGE_HEIGHT,
        "width": PAGE_WIDTH,
        "filterConfig": _filters_json(page.name, page.filters),
        **refresh,
    }


def _visual_json(visual: Visual, order: int, read_as: int) -> Json:
    """Write a visual; the keyboard goes through a page as one reads it, line by line."""
    place = visual.place
    content: dict[str, Json] = {
        "visualType": visual.kind,
        "query": _query_json(visual),
        "objects": {name: list(entries) for name, entries in visual.objects.items()},
        "visualContainerObjects": {
            "title": [_title_json(visual.title)],
            "general": [properties(altText=visual.alt_text)],
        },
        "drillFilterOtherVisuals": True,
    }
    if visual.sync:
        content["syncGroup"] = {
            "groupName": visual.sync,
            "fieldChanges": True,
            "filterChanges": True,
        }
    return {
        "$schema": _schema(f"visualContainer/{_VERSIONS['visual']}"),
        "name": visual.name,
        "position": {
            "x": place.x,
            "y": place.y,
            "z": order * 1000,
            "height": place.height,
            "width": place.width,
            "tabOrder": read_as * 1000,
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
