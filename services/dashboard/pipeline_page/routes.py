"""What the pipeline's page asks for."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.dashboard.data_api.routes import PROBLEMS
from services.dashboard.pipeline_page.history_source import HistorySource, Span

Range = Annotated[Span, Query(description="Hours, up to now.")]


def pipeline_router(source: HistorySource) -> APIRouter:
    """Return the route of the charts."""
    router = APIRouter(
        prefix="/api",
        tags=["page"],
        responses=PROBLEMS,
        generate_unique_id_function=lambda route: f"get_{route.name}",
    )

    @router.get("/pipeline", summary="How the pipeline has run, by charts, and alerts that fire")
    async def pipeline(range: Range = "1h") -> dict[str, Any]:  # noqa: A002
        return await source.charts(range)

    return router
