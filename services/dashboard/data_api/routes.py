"""The data API: each table of `datasets` as a route, with paging and three formats."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Final

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel, create_model

from services.dashboard.data_api import formats
from services.dashboard.data_api.dataset import Dataset, Kind
from services.dashboard.data_api.datasets import ALL
from services.dashboard.data_api.paging import (
    CursorError,
    Statement,
    page_statement,
    write_cursor,
)
from services.dashboard.data_api.queries import (
    AnalyticQuery,
    BarQuery,
    CandleQuery,
    ExchangeQuery,
    IndicatorQuery,
    NamedQuery,
    PageQuery,
    SeriesQuery,
    SpanQuery,
    SymbolQuery,
)
from services.dashboard.data_api.response_buffer import ResponseBuffer
from services.dashboard.postgres import Database

_NO_PAGE: Final = "The cursor is not one that this table gave out."

_PYTHON: Final[dict[Kind, Any]] = {
    Kind.TEXT: str,
    Kind.EXACT: float,
    Kind.REAL: float,
    Kind.WHOLE: int,
    Kind.INSTANT: datetime,
    Kind.UTC: datetime,
    Kind.LOCAL: str,
    Kind.DAY: date,
    Kind.FLAG: bool,
}


@dataclass(frozen=True)
class Tables:
    """Where rows come from, the clock, and what is on its way; one thread encodes for all."""

    database: Database
    now: Callable[[], datetime]
    kept: ResponseBuffer = field(default_factory=ResponseBuffer)
    one_at_a_time: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))


class Problem(BaseModel):
    """What is wrong, in a line for a person."""

    detail: str


PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Problem, "description": "The Host header is not one of DASHBOARD_HOST_NAMES."},
    401: {"model": Problem, "description": "A password is needed (HTTP Basic)."},
    429: {"model": Problem, "description": "Too many requests."},
    503: {"model": Problem, "description": "The database is away, or took too long."},
}


def data_router(database: Database, now: Callable[[], datetime]) -> APIRouter:
    """Return the routes of all tables."""
    router = APIRouter(prefix="/api", tags=["data"], responses=PROBLEMS)
    tables = Tables(database, now)
    for dataset in ALL:
        _add(router, tables, dataset)
    return router


def _add(router: APIRouter, tables: Tables, dataset: Dataset) -> None:
    router.add_api_route(
        f"/{dataset.name}",
        _endpoint(tables, dataset),
        methods=["GET"],
        name=dataset.name,
        operation_id=_identifier(dataset),
        summary=dataset.about,
        response_class=Response,
        responses={200: _described(dataset), 404: {"model": Problem, "description": _NO_PAGE}},
    )


def _endpoint(tables: Tables, dataset: Dataset) -> Callable[..., Awaitable[Response]]:
    """Return a function whose parameters are those that the table can be filtered by."""

    async def answer(request: Request, query: PageQuery) -> Response:
        return await _page(request, tables, dataset, query)

    answer.__annotations__["query"] = Annotated[_query(dataset), Query()]
    return answer


def _query(dataset: Dataset) -> type[PageQuery]:
    """Return what a table can be asked for, by what it has."""
    if dataset.adjusted_view is not None:
        of_present = IndicatorQuery if dataset.has("interval") else CandleQuery
        return of_present if dataset.past is None else BarQuery
    if dataset.days is not None:
        return AnalyticQuery
    if dataset.has("symbol") and dataset.time is None:
        return NamedQuery
    if dataset.has("symbol"):
        return SeriesQuery if dataset.has("interval") else SymbolQuery
    if dataset.time is None:
        return PageQuery
    return ExchangeQuery if dataset.has("exchange") else SpanQuery


async def _page(request: Request, tables: Tables, dataset: Dataset, query: PageQuery) -> Response:
    wanted, form = query.wanted(tables.now()), query.format
    dataset = dataset.on_basis(query.price_basis)
    try:
        statement = page_statement(dataset, wanted)
    except CursorError as error:
        raise HTTPException(404, str(error)) from None
    tables.kept.require_room()
    body, following = await _body(tables, dataset, statement, query)
    headers = {}
    if following is not None:
        url = request.url.include_query_params(cursor=following)
        headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    if form != "json":
        name = dataset.name.replace("/", "_")
        headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return tables.kept.answer(body, formats.MEDIA_TYPES[form], headers)


async def _body(
    tables: Tables, dataset: Dataset, statement: Statement, query: PageQuery
) -> tuple[formats.Body, str | None]:
    """Return the page and the cursor of the next one. It is encoded by a thread of its own, some
    rows at a time, while the live streams go on."""
    database, run = tables.database, partial(to_thread.run_sync, limiter=tables.one_at_a_time)
    following, left = None, query.limit
    async with database.a_table():
        encoder = await run(formats.Encoder, dataset, query.format)
        async with contextlib.aclosing(
            database.some_rows(statement.text, statement.parameters)
        ) as found:
            last: list[tuple[Any, ...]] = []
            async for rows in found:
                page = rows[:left]
                last = [*last, *page][-1:]
                if len(rows) > left:
                    following = write_cursor(dataset, last[0])
                await run(encoder.add, page)
                left -= len(page)
        return await run(encoder.finish, following), following


def _identifier(dataset: Dataset) -> str:
    """Return a name that a generated client can give its function."""
    return f"get_{dataset.name.replace('/', '_').replace('-', '_')}"


def _described(dataset: Dataset) -> dict[str, Any]:
    """Return what OpenAPI is told of a page."""
    title = dataset.name.title().replace("/", "").replace("-", "")
    fields: dict[str, Any] = {
        name: (_PYTHON[kind] if name in dataset.key else _PYTHON[kind] | None, ...)
        for name, kind in dataset.columns
    }
    row = create_model(f"{title}Row", **fields)
    page = create_model(f"{title}Page", data=(list[row], ...), next_cursor=(str | None, ...))  # type: ignore[valid-type]
    files = {
        formats.MEDIA_TYPES[form].partition(";")[0]: {"schema": {"type": "string"}}
        for form in ("csv", "parquet")
    }
    link = {"description": 'The next page, rel="next".', "schema": {"type": "string"}}
    return {
        "model": page,
        "description": "A page; without more rows next_cursor is null and there is no Link.",
        "content": files,
        "headers": {"Link": link},
    }
