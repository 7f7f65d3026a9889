"""The dashboard file for Grafana: charts of the pipeline's page in, its JSON model out. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from services.dashboard.pipeline_page.charts import Chart

_WIDTH: Final = 12
_HEIGHT: Final = 8
_A_ROW: Final = 2
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_UNITS: Final = {"latency": "s", "database-size": "decbytes", "disk": "decbytes"}


def dashboard_file(charts: Iterable[Chart]) -> str:
    """Return the file; whoever imports it chooses the Prometheus that it asks."""
    model = {
        "uid": "tapeline-pipeline",
        "title": "Tapeline: how the pipeline runs",
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [
                {"name": "datasource", "label": "Prometheus", "type": "datasource"}
                | {"query": "prometheus"}
            ]
        },
        "panels": [_panel(number, chart) for number, chart in enumerate(charts)],
    }
    return json.dumps(model, indent=2) + "\n"


def _panel(number: int, chart: Chart) -> dict[str, Any]:
    row, column = divmod(number, _A_ROW)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": chart.title,
        "description": chart.unit,
        "datasource": _SOURCE,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {
            "defaults": {"unit": _UNITS.get(chart.name, "short"), "min": 0},
            "overrides": [],
        },
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": _SOURCE,
                "expr": line.promql("$__rate_interval"),
                "legendFormat": line.label,
            }
            for place, line in enumerate(chart.lines)
        ],
    }
