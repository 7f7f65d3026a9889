"""Puts the parts together: a database and settings in, one ASGI application out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response

from services.dashboard import auth_middleware
from services.dashboard.alerts_api.alerts_client import AlertsClient
from services.dashboard.alerts_api.routes import alerts_router
from services.dashboard.auth_middleware import AuthMiddleware
from services.dashboard.connection_pool import Database, DatabaseError
from services.dashboard.data_api.downloads.stream_formats import STREAM_TYPES
from services.dashboard.data_api.downloads.whole_bars import whole_bars_router
from services.dashboard.data_api.routes import data_router
from services.dashboard.live import sse
from services.dashboard.live.feed import Feed
from services.dashboard.live.subscribers import Subscribers
from services.dashboard.page_api.call_quota import Quota
from services.dashboard.page_api.pipeline_status import PipelineStatus
from services.dashboard.page_api.routes import Parts, view_router
from services.dashboard.page_api.series_index import SeriesIndex
from services.dashboard.pipeline_page import metrics_client
from services.dashboard.pipeline_page.history_source import HistorySource
from services.dashboard.pipeline_page.routes import pipeline_router
from services.dashboard.pipeline_page.sampler import Sampler
from services.dashboard.settings import CHART_LIBRARY, Settings

_PAGES: Final = Path(__file__).with_name("pages")
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_PACKED: Final = (*DEFAULT_EXCLUDED_CONTENT_TYPES, STREAM_TYPES["arrow"], STREAM_TYPES["parquet"])
_ABOUT: Final = (
    "Everything that Tapeline stores, page by page as JSON, CSV or Parquet; bars also whole, as "
    "Arrow, Parquet or CSV. Instants are UTC; prices keep every digit. A page ends with "
    "`next_cursor` and a `Link` to the next one."
)


@dataclass(frozen=True)
class Clocks:
    """Time as the parts see it: a monotonic one, and the present in UTC."""

    seconds: Callable[[], float]
    now: Callable[[], datetime]


def build(settings: Settings, log: logging.Logger, clocks: Clocks) -> FastAPI:
    """Return the application; `app.state.audience` is its audience."""
    database = Database(settings.postgres)
    asking = Database(settings.postgres, may_ask=True)
    subscribers = Subscribers(settings.viewers, sse.RESYNC)
    series_index = SeriesIndex(database.rows, clocks.seconds)
    feed = Feed(database, series_index, subscribers, log)
    quota = Quota(settings.producer_metrics_url)
    health = PipelineStatus(database, series_index, subscribers, feed, quota, log)
    sampler = Sampler(settings.metrics_urls, metrics_client.text, database, clocks.now, log)

    @contextlib.asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        await database.open()
        await asking.open()
        parts = (feed.listen(), feed.tell(), health.run(), sampler.run())
        tasks = [asyncio.create_task(one) for one in parts]
        app.state.tasks = tasks
        for task in tasks:
            task.add_done_callback(lambda done: _report(done, log))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asking.close()
        await database.close()

    app = FastAPI(
        title="Tapeline",
        version="1",
        description=_ABOUT,
        lifespan=running,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.subscribers = subscribers
    app.include_router(data_router(database, clocks.now))
    app.include_router(whole_bars_router(database, clocks.now, log))
    app.include_router(view_router(Parts(database, series_index, subscribers, feed, health)))
    history = HistorySource(sampler.history, settings.prometheus_url, clocks.now, clocks.seconds)
    app.include_router(pipeline_router(history))
    alerts = AlertsClient(database.rows, asking.rows)
    app.include_router(alerts_router(alerts, clocks.now, is_open=bool(settings.password)))
    app.add_exception_handler(DatabaseError, _unavailable)
    _add_pages(app, settings.library_dir)
    # A higher level would hold the live streams up for what is hardly smaller.
    app.add_middleware(
        GZipMiddleware, minimum_size=1000, compresslevel=4, exclude_content_types=_PACKED
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.host_names))
    app.add_middleware(
        AuthMiddleware, password=settings.password, requests_a_minute=settings.requests_a_minute
    )
    return app


def _report(task: asyncio.Task[None], log: logging.Logger) -> None:
    if not task.cancelled() and (fault := task.exception()) is not None:
        log.critical("a fault in the program", exc_info=fault)


async def _unavailable(_: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, 503, {"Retry-After": "2"})


def _add_pages(app: FastAPI, library_dir: Path) -> None:
    """Serve the page's own few files by name, so that no other path can be asked for."""
    files = {"/": _PAGES / "index.html"}
    own = (one for one in sorted(_PAGES.rglob("*")) if one.suffix in _TYPES)
    files |= {f"/{one.relative_to(_PAGES).as_posix()}": one for one in own}
    files["/lightweight-charts.js"] = library_dir / CHART_LIBRARY
    files["/lightweight-charts-license.txt"] = library_dir / "LICENSE"
    for path, file in files.items():
        app.add_api_route(path, _sender(file), include_in_schema=False)

    async def healthy() -> Response:
        if any(task.done() for task in app.state.tasks):
            return PlainTextResponse("a part has ended; see the log\n", 503)
        return PlainTextResponse("healthy\n")

    app.add_api_route(auth_middleware.OPEN_PATH, healthy, include_in_schema=False)


def _sender(file: Path) -> Any:
    kind = _TYPES.get(file.suffix, _TYPES[".txt"])
    media_type = _TYPES[".js"] if file.suffix == ".mjs" else kind

    async def send() -> Response:
        return FileResponse(file, media_type=media_type, headers={"Cache-Control": "no-cache"})

    return send
