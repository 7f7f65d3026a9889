"""What Prometheus is asked, and what its answers say. Pure.

Shapes are those of its HTTP API v1: a range query gives a matrix, in which a step without a value
is missing; alerts have labels, annotations, a state and the instant since which they hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from services.dashboard.pipeline_page.charts import lines, rate_seconds
from services.dashboard.pipeline_page.points import Point

_SEVERITIES: Final = ("critical", "warning")


def queries(step: int) -> Iterator[str]:
    """Yield the expression of each line, in the order of the charts."""
    for line in lines():
        yield line.promql(f"{rate_seconds(step)}s")


def points(data: Mapping[str, Any], ends: Sequence[int]) -> list[Point]:
    """Return the points of an answer, None at each step without a value."""
    found = {int(at): float(value) for one in data["result"] for at, value in one["values"]}
    return [(end, _finite(found.get(end))) for end in ends]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def alerts(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the alerts that fire, the most severe and then the oldest first.

    One without severity fires always, for those who watch from outside.
    """
    firing = [_alert(one) for one in data["alerts"] if one["state"] == "firing"]
    told = [one for one in firing if one["severity"] in _SEVERITIES]
    return sorted(told, key=lambda one: (_SEVERITIES.index(one["severity"]), one["since"]))


def _alert(one: Mapping[str, Any]) -> dict[str, Any]:
    labels, annotations = one["labels"], one["annotations"]
    return {
        "name": labels["alertname"],
        "severity": labels.get("severity", ""),
        "summary": annotations.get("summary", labels["alertname"]),
        "runbook": annotations.get("runbook"),
        "since": one["activeAt"],
    }
