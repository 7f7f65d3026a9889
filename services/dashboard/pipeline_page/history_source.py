"""Where the charts come from: Prometheus where it answers, else what the dashboard has read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Literal

from anyio import to_thread

from services.dashboard.pipeline_page import metrics_client, points, prometheus
from services.dashboard.pipeline_page.charts import CHARTS, SCRAPE_SECONDS
from services.dashboard.pipeline_page.metrics_client import MetricsUnavailableError
from services.dashboard.pipeline_page.points import MOST_POINTS, Point, step_seconds
from services.dashboard.pipeline_page.readings import History

Span = Literal["1h", "6h", "24h"]

SPAN_SECONDS: Final[Mapping[Span, int]] = {"1h": 3_600, "6h": 21_600, "24h": 86_400}
_ASK_AGAIN_SECONDS: Final = 30.0


class HistorySource:
    """Answers for all viewers: a span is drawn once for each reading, however many look."""

    def __init__(
        self,
        history: History,
        prometheus_url: str,
        now: Callable[[], datetime],
        seconds: Callable[[], float],
    ) -> None:
        self._history = history
        self._url = prometheus_url
        self._now = now
        self._seconds = seconds
        self._away_until = 0.0
        self._drawn: dict[Span, tuple[int, dict[str, Any]]] = {}
        self._locks = {span: asyncio.Lock() for span in SPAN_SECONDS}

    async def charts(self, span: Span) -> dict[str, Any]:
        """Return the charts of a span that ends now, and the alerts that fire (None: not known)."""
        step = step_seconds(SPAN_SECONDS[span])
        until = int(self._now().timestamp()) // SCRAPE_SECONDS * SCRAPE_SECONDS
        async with self._locks[span]:
            drawn_at, drawn = self._drawn.get(span, (0, {}))
            if drawn_at != until:
                drawn = await self._draw(until - MOST_POINTS * step, until, step)
                self._drawn[span] = until, drawn
        return drawn

    async def _draw(self, since: int, until: int, step: int) -> dict[str, Any]:
        found = await self._of_prometheus(since, until, step)
        if found is None:
            readings = list(self._history.since(since))
            own = await to_thread.run_sync(points.points, readings, since, until, step)
            found = {"source": "services", "alerts": None, **_charts([line for _, line in own])}
        return {"from": since, "until": until, "step_seconds": step, **found}

    async def _of_prometheus(self, since: int, until: int, step: int) -> dict[str, Any] | None:
        if not self._url or self._seconds() < self._away_until:
            return None
        asked = {"start": str(since + step), "end": str(until), "step": str(step)}
        try:
            answers = [
                await metrics_client.prometheus(self._url, "query_range", {**asked, "query": query})
                for query in prometheus.queries(step)
            ]
            firing = await metrics_client.prometheus(self._url, "alerts", {})
        except MetricsUnavailableError:
            self._away_until = self._seconds() + _ASK_AGAIN_SECONDS
            return None
        ends = range(since + step, until + 1, step)
        drawn = _charts([prometheus.points(answer, ends) for answer in answers])
        return {"source": "prometheus", "alerts": prometheus.alerts(firing), **drawn}


def _charts(lines: list[list[Point]]) -> dict[str, Any]:
    """Return the charts as the page takes them; a line of which nothing is known is left out."""
    left = iter(lines)
    told = []
    for chart in CHARTS:
        drawn = [
            {"label": line.label, "points": drawn_points}
            for line, drawn_points in zip(chart.lines, left, strict=False)
            if any(value is not None for _, value in drawn_points)
        ]
        told.append({"name": chart.name, "title": chart.title, "unit": chart.unit, "lines": drawn})
    return {"charts": told}
