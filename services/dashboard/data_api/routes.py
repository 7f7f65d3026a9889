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
from pydantic import BaseModel, ConfigDict, create_model

from services.dashboard.connection_pool import Database
from services.dashboard.data_api import formats
from services.dashboard.data_api.absence import NOTE, note_of, require_known_symbols
from services.dashboard.data_api.dataset import Dataset, Kind
from services.dashboard.data_api.datasets import ALL
from services.dashboard.data_api.paging import (
    CursorError,
    Wanted,
    page_statement,
    selected,
    write_cursor,
)
from services.dashboard.data_api.queries import PageQuery
from services.dashboard.data_api.query_models import query_model
from services.dashboard.data_api.response_buffer import ResponseBuffer

_NO_PAGE: Final = (
    "Nothing of a symbol is stored, or the cursor is not one that this table gave out."
)

_PYTHON: Final[dict[Kind, Any]] = {
    Kind.TEXT: str,
    Kind.EXACT: float | str,
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

    answer.__annotations__["query"] = Annotated[query_model(dataset), Query()]
    return answer


async def _page(request: Request, tables: Tables, dataset: Dataset, query: PageQuery) -> Response:
    wanted, form = query.wanted(tables.now()), query.format
    dataset = dataset.on_basis(query.price_basis)
    await require_known_symbols(tables.database, dataset, wanted)
    tables.kept.require_room()
    body, following, note = await _body(tables, dataset, wanted, query)
    headers = {} if note is None else {NOTE: note}
    if following is not None:
        url = request.url.include_query_params(cursor=following)
        headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    if form != "json":
        name = dataset.name.replace("/", "_")
        headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return tables.kept.answer(body, formats.MEDIA_TYPES[form], headers)


async def _body(
    tables: Tables, dataset: Dataset, wanted: Wanted, query: PageQuery
) -> tuple[formats.Body, str | None, str | None]:
    """Return the page, the cursor of the next one, and a note if there are no rows. It is encoded
    by a thread of its own, some rows at a time, while the live streams go on."""
    try:
        statement = page_statement(dataset, wanted)
    except CursorError as error:
        raise HTTPException(404, str(error)) from None
    database, run = tables.database, partial(to_thread.run_sync, limiter=tables.one_at_a_time)
    names, shown = selected(dataset, wanted), dataset.showing(wanted.columns)
    following, left = None, query.limit
    async with database.a_table():
        encoder = await run(formats.Encoder, shown, query.format, query.decimals)
        async with contextlib.aclosing(
            database.some_rows(statement.text, statement.parameters)
        ) as found:
            last: list[tuple[Any, ...]] = []
            async for rows in found:
                page = rows[:left]
                last = [*last, *page][-1:]
                if len(rows) > left:
                    following = write_cursor(dataset, names, last[0])
                await run(encoder.add, [row[: len(shown.columns)] for row in page])
                left -= len(page)
        note = None if last else note_of(dataset, wanted)
        return await run(encoder.finish, following, note), following, note


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
    # Of `columns` a row has those that were chosen.
    as_chosen = ConfigDict(json_schema_extra=lambda schema: schema.pop("required", None))
    row = create_model(f"{title}Row", __config__=as_chosen, **fields)
    page = create_model(
        f"{title}Page",
        data=(list[row], ...),  # type: ignore[valid-type]
        next_cursor=(str | None, ...),
        note=(str | None, ...),
    )
    files = {"csv": {"type": "string"}, "parquet": {"type": "string", "format": "binary"}}
    # JSON is first, which generated clients read; its schema comes from the model.
    content: dict[str, Any] = {formats.MEDIA_TYPES["json"]: {}}
    for form, schema in files.items():
        content[formats.MEDIA_TYPES[form].partition(";")[0]] = {"schema": schema}
    text = {"type": "string"}
    return {
        "model": page,
        "description": "A page; without more rows next_cursor is null and there is no Link.",
        "content": content,
        "headers": {
            "Link": {"description": 'The next page, rel="next".', "schema": text},
            NOTE: {"description": "Why a page has no rows, as `note` of JSON.", "schema": text},
        },
    }
