"""The routes that give a whole range of bars without pages: /api/bars.arrow, .parquet and .csv."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query, Response

from services.dashboard.connection_pool import SNAPSHOTS, Database, Snapshot
from services.dashboard.data_api.absence import NOTE, note_of, require_known_symbols
from services.dashboard.data_api.dataset import Dataset
from services.dashboard.data_api.downloads import bar_slices, stream_formats
from services.dashboard.data_api.downloads.bar_slices import Series, Slice
from services.dashboard.data_api.downloads.download import Download, DownloadResponse
from services.dashboard.data_api.downloads.stream_formats import STREAM_TYPES, Piece
from services.dashboard.data_api.paging import Wanted
from services.dashboard.data_api.queries import TableQuery
from services.dashboard.data_api.query_models import whole_query_model
from services.dashboard.data_api.routes import PROBLEMS, Problem
from services.dashboard.data_api.stored_tables import BARS

_FULL: Final = "as many downloads as may run at once are running; try again"
_WHOLE: Final = (
    "The whole range, by symbol, interval and bar_time. An answer that was cut off has no end (in "
    "Arrow its mark, in Parquet its footer); `from` the last bar_time resumes it."
)
_FEW_BYTES: Final = 2**20
# For proxies on the way, whose buffers would take what the reader has not asked for.
_AS_IT_COMES: Final = {"X-Accel-Buffering": "no"}


@dataclass(frozen=True)
class Source:
    """Where bars come from, the clock, and how many downloads may begin."""

    database: Database
    now: Callable[[], datetime]
    log: logging.Logger
    free: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(SNAPSHOTS))


def whole_bars_router(
    database: Database, now: Callable[[], datetime], log: logging.Logger
) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api", tags=["downloads"], responses=PROBLEMS)
    source = Source(database, now, log)
    for form in STREAM_TYPES:
        router.add_api_route(
            f"/bars.{form}",
            _endpoint(source, form),
            methods=["GET"],
            operation_id=f"get_bars_{form}",
            summary=f"Stored bars of a whole range, without pages ({form}).",
            response_class=Response,
            responses={200: _described(form), 404: {"model": Problem}},
        )
    return router


def _described(form: str) -> dict[str, Any]:
    schema = {"type": "string"} if form == "csv" else {"type": "string", "format": "binary"}
    return {
        "description": _WHOLE,
        "content": {STREAM_TYPES[form].partition(";")[0]: {"schema": schema}},
        "headers": {
            NOTE: {"description": "Why there are no rows.", "schema": {"type": "string"}},
        },
    }


def _endpoint(source: Source, form: str) -> Callable[..., Awaitable[Response]]:
    async def answer(query: TableQuery) -> Response:
        return await _answer(source, form, query)

    answer.__annotations__["query"] = Annotated[whole_query_model(BARS), Query()]
    return answer


async def _answer(source: Source, form: str, query: TableQuery) -> Response:
    wanted, dataset = query.wanted(source.now()), BARS.on_basis(query.price_basis)
    await require_known_symbols(source.database, dataset, wanted)
    if not source.free.acquire(blocking=False):
        raise HTTPException(503, _FULL, {"Retry-After": "5"})

    def make() -> Generator[Piece]:
        with source.database.snapshot() as snapshot:
            copied = _together(_copied(snapshot, dataset, wanted))
            shown = dataset.showing(wanted.columns)
            yield from stream_formats.pieces(shown, form, query.decimals, copied)

    with contextlib.ExitStack() as on_error:
        download = Download(make, source.free.release)
        on_error.callback(download.stop)
        first = await download.next()
        assert first is not None  # noqa: S101 - an answer has an end at least
        on_error.pop_all()
    headers = {**_AS_IT_COMES, "Content-Disposition": f'attachment; filename="bars.{form}"'}
    if not first.rows:
        headers[NOTE] = note_of(dataset, wanted)
    return DownloadResponse(download, first, STREAM_TYPES[form], headers, source.log)


def _copied(snapshot: Snapshot, dataset: Dataset, wanted: Wanted) -> Iterator[bytes]:
    """Yield all rows as lines, of one slice after the other."""
    slices = bar_slices.slices(_series(snapshot, wanted))
    part = next(slices, None)
    while part is not None:
        statement = bar_slices.slice_statement(dataset, wanted, part)
        rows = 0
        for lines in snapshot.copy(statement.text, statement.parameters):
            rows += lines.count(b"\n")
            yield lines
        part = _next(slices, rows)


def _next(slices: Generator[Slice, int], rows: int) -> Slice | None:
    try:
        return slices.send(rows)
    except StopIteration:
        return None


def _series(snapshot: Snapshot, wanted: Wanted) -> Iterator[Series]:
    """Yield the series that have bars in the range, in order."""
    listed = bar_slices.symbols_statement(wanted)
    symbols = [row[0] for row in snapshot.rows(listed.text, listed.parameters)]
    for place in range(0, len(symbols), bar_slices.SYMBOLS_AT_A_TIME):
        some = symbols[place : place + bar_slices.SYMBOLS_AT_A_TIME]
        for row in snapshot.rows(*bar_slices.ends_statement(wanted, some)):
            yield Series(*row)


def _together(copied: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines, few of them with those that follow: readers like large batches."""
    kept: list[bytes] = []
    for lines in copied:
        kept.append(lines)
        if sum(len(one) for one in kept) > _FEW_BYTES:
            yield b"".join(kept)
            kept = []
    if kept:
        yield b"".join(kept)
