"""The data API: each table of `datasets` as a route, with paging and three formats."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any, Final, Literal

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from services.common.bar import SYMBOL_PATTERN, normal_symbol
from services.dashboard.data_api import formats
from services.dashboard.data_api.datasets import ALL, Dataset, Kind
from services.dashboard.data_api.paging import (
    MOST_ROWS,
    CursorError,
    Statement,
    Wanted,
    page_statement,
    write_cursor,
)
from services.dashboard.data_api.response_buffer import ResponseBuffer
from services.dashboard.postgres import Database

Symbol = Annotated[
    # What the schema tells is checked first: small letters are taken, and nothing is cut off.
    str,
    Query(pattern=f"^{SYMBOL_PATTERN.replace('A-Z', 'A-Za-z')}$", max_length=16),
    AfterValidator(normal_symbol),
]
Interval = Literal["1min", "5min", "15min", "30min", "60min", "1d"]


def _as_iso(given: object) -> object:
    if isinstance(given, str) and not re.match(r"\d{4}-\d{2}-\d{2}", given):
        raise ValueError("must look like 2026-11-20 or 2026-11-20T14:30:00Z")
    return given


Moment = Annotated[datetime | date, BeforeValidator(_as_iso)]


class PageQuery(BaseModel):
    """What every table takes."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(1000, ge=1, le=MOST_ROWS, description="Rows of a page.")
    order: Literal["asc", "desc"] = Field("asc", description="By the key; desc is newest first.")
    cursor: str | None = Field(
        None, max_length=600, description="next_cursor of the page before this one."
    )
    format: Literal["json", "csv", "parquet"] = "json"

    def wanted(self, today: datetime) -> Wanted:
        """Return what the page holds."""
        return Wanted(self.limit, today, self.order == "desc", cursor=self.cursor)


class SymbolQuery(PageQuery):
    """What a table of symbols takes as well."""

    symbol: list[Symbol] = Field([], max_length=50, description="One or several; without it, all.")
    since: Moment | None = Field(
        None, alias="from", description="From here on; UTC unless it says otherwise."
    )
    until: Moment | None = Field(None, alias="to", description="Up to, without it.")

    def wanted(self, today: datetime) -> Wanted:
        """Return what the page holds."""
        return replace(
            super().wanted(today),
            symbols=tuple(self.symbol),
            since=_utc(self.since),
            until=_utc(self.until),
        )


class SeriesQuery(SymbolQuery):
    """What a table of series takes as well."""

    interval: Interval | None = Field(None, description="Without it, all.")

    def wanted(self, today: datetime) -> Wanted:
        """Return what the page holds."""
        return replace(super().wanted(today), interval=self.interval)


_NO_PAGE: Final = "The cursor is not one that this table gave out."

_PYTHON: Final[dict[Kind, Any]] = {
    Kind.TEXT: str,
    Kind.PRICE: float,
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


class AnalyticQuery(SeriesQuery):
    """What a table takes that is computed as it is asked."""

    symbol: list[Symbol] = Field(min_length=1, max_length=8, description="One or several.")
    interval: Interval
    since: Moment | None = Field(
        None, alias="from", description="Sessions from this day on; without it, of 14 days."
    )


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
        summary=dataset.about,
        response_class=Response,
        responses={200: _described(dataset), 404: {"model": Problem, "description": _NO_PAGE}},
    )


def _endpoint(tables: Tables, dataset: Dataset) -> Callable[..., Awaitable[Response]]:
    """Return a function whose parameters are those that the table can be filtered by."""

    async def series(request: Request, query: Annotated[SeriesQuery, Query()]) -> Response:
        return await _page(request, tables, dataset, query)

    async def of_symbol(request: Request, query: Annotated[SymbolQuery, Query()]) -> Response:
        return await _page(request, tables, dataset, query)

    async def plain(request: Request, query: Annotated[PageQuery, Query()]) -> Response:
        return await _page(request, tables, dataset, query)

    async def analytic(request: Request, query: Annotated[AnalyticQuery, Query()]) -> Response:
        return await _page(request, tables, dataset, query)

    if dataset.days is not None:
        return analytic
    if dataset.time is None:
        return plain
    return series if dataset.has("interval") else of_symbol


def _utc(given: datetime | date | None) -> datetime | None:
    if given is None:
        return None
    if not isinstance(given, datetime):
        return datetime(given.year, given.month, given.day, tzinfo=UTC)
    return given if given.tzinfo else given.replace(tzinfo=UTC)


async def _page(request: Request, tables: Tables, dataset: Dataset, query: PageQuery) -> Response:
    wanted, form = query.wanted(tables.now()), query.format
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


def _described(dataset: Dataset) -> dict[str, Any]:
    """Return what OpenAPI is told of a page."""
    title = dataset.name.title().replace("/", "")
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
