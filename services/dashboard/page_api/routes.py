"""What the page asks for: the series there are, a chart, the state of the pipeline, the stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, HTTPException, Query
from fastapi.sse import EventSourceResponse

from services.common.market.exchanges import exchange_of, quote_unit_of, zone_of
from services.dashboard.connection_pool import Database, DatabaseError
from services.dashboard.data_api.dataset import AS_TRADED
from services.dashboard.data_api.formats import instant_text
from services.dashboard.data_api.queries import Basis, Symbol
from services.dashboard.data_api.routes import PROBLEMS, Problem
from services.dashboard.live import sse
from services.dashboard.live.feed import Feed
from services.dashboard.live.subscribers import FullError, Subscribers, Viewer, Watch
from services.dashboard.page_api import chart_sql, ranges
from services.dashboard.page_api.actions import effective_basis, in_force, shown
from services.dashboard.page_api.candle_rows import candle_rows
from services.dashboard.page_api.pipeline_status import PipelineStatus
from services.dashboard.page_api.series_index import NOTHING, SeriesIndex, Stored

_HEARTBEAT_SECONDS: Final = 15.0
# For proxies on the way: no event may wait in a buffer until others have filled it.
_AS_IT_COMES: Final = {"X-Accel-Buffering": "no", "Cache-Control": "no-cache"}

_DEFAULT: Final[list[Basis]] = ["split_adjusted"]
_BASES: Final = "What prices mean; of several each series comes on each."
_COMPARED: Final = "The first one and the range tell the moment."

ChartInterval = Annotated[
    Literal["1min", "5min", "15min", "30min", "60min", "60min-from-open", "1d"],
    Query(description="60min-from-open: hours of regular trade, counted from the opening."),
]
Range = Annotated[ranges.Name, Query(description="Sessions or months, up to the newest bar.")]
EventId = Annotated[str, Query(max_length=20, description="`as_of` of the chart that is shown.")]
LastEventId = Annotated[str, Header(alias="Last-Event-ID", max_length=20)]
Seconds = Annotated[
    int, Query(ge=0, le=253_402_300_799, description="First bar shown, Unix seconds.")
]


@dataclass(frozen=True)
class Parts:
    """What the routes work with."""

    database: Database
    series_index: SeriesIndex
    subscribers: Subscribers
    feed: Feed
    health: PipelineStatus


def view_router(parts: Parts) -> APIRouter:
    """Return the routes of the page."""
    router = APIRouter(
        prefix="/api",
        tags=["page"],
        responses=PROBLEMS,
        generate_unique_id_function=lambda route: f"get_{route.name}",
    )

    @router.get("/series", summary="Each symbol with its intervals and its newest bar, if any")
    async def series() -> list[dict[str, Any]]:
        stored = await parts.series_index.stored()
        quoted = [_described(symbol, NOTHING) for symbol in await parts.series_index.quoted()]
        return [_described(symbol, one) for symbol, one in stored.items()] + quoted

    @router.get(
        "/chart",
        summary="Newest bars of a series by column, with bands and volatility",
        responses={404: {"model": Problem, "description": "There are no such bars."}},
    )
    async def chart(
        symbol: Symbol,
        interval: ChartInterval,
        range: Range = "5d",  # noqa: A002
        basis: Basis = "split_adjusted",
    ) -> dict[str, Any]:
        return await _chart(parts, Watch(symbol, interval, basis), range)

    @router.get(
        "/base",
        summary="Prices that lines of several symbols begin with as 100, at one moment for all",
        responses={404: {"model": Problem, "description": "There are no such bars."}},
    )
    async def base(
        symbol: Annotated[list[Symbol], Query(min_length=1, max_length=8, description=_COMPARED)],
        range: Range = "5d",  # noqa: A002
        basis: Basis = "split_adjusted",
    ) -> dict[str, Any]:
        return await _base(parts, symbol, range, basis)

    _add_live_routes(router, parts)
    return router


def _add_live_routes(router: APIRouter, parts: Parts) -> None:
    """Add what the page hears as it comes: the strip's facts and the bars."""

    @router.get("/health", summary="Counts, ages and newest quotes, as the strip shows them")
    async def health() -> dict[str, Any]:
        return {**await parts.health.facts()}

    @router.get("/stream", summary="Bars as they are committed, as server-sent events")
    async def stream(
        symbol: Annotated[list[Symbol], Query(min_length=1, max_length=8)],
        interval: ChartInterval,
        basis: Annotated[list[Basis], Query(max_length=3, description=_BASES)] = _DEFAULT,
        shown_from: Seconds = 0,
        as_of: EventId = "",
        last_event_id: LastEventId = "",
    ) -> EventSourceResponse:
        watches = [Watch(one, interval, on) for one in {*symbol} for on in {*basis}]
        since = sse.instant_of(last_event_id or as_of)
        try:
            viewer = parts.subscribers.join(watches, datetime.fromtimestamp(shown_from, UTC))
        except FullError as error:
            raise HTTPException(503, str(error)) from None
        return EventSourceResponse(_events(parts, viewer, since), headers=_AS_IT_COMES)


def _described(symbol: str, stored: Stored) -> dict[str, Any]:
    return {
        "symbol": symbol,
        **_place(symbol),
        "simulated": stored.simulated,
        "stored": {interval: instant_text(newest) for interval, newest in stored.newest.items()},
        "offered": stored.offered,
    }


def _place(symbol: str) -> dict[str, Any]:
    """Return where a symbol trades and what its prices are usually in; null if that is unknown."""
    exchange = exchange_of(symbol)
    return {
        "exchange": exchange and exchange.code,
        "time_zone": zone_of(symbol),
        "quote_unit": quote_unit_of(symbol),
    }


async def _chart(parts: Parts, watch: Watch, name: ranges.Name) -> dict[str, Any]:
    stored = (await parts.series_index.stored(watch.symbol)).get(watch.symbol)
    if stored is None or watch.interval not in stored.offered:
        raise HTTPException(404, f"there are no bars of {watch.symbol} in {watch.interval}")
    as_stored = stored.is_drawn_as_stored(watch.interval)
    intervals = stored.smaller_than(watch.interval)
    horizon = await parts.feed.horizon()
    within = await ranges.range_of(parts.database, watch.symbol, intervals, name)
    if within is None:
        raise HTTPException(404, f"there are no bars of {watch.symbol} in {watch.interval}")
    actions = await in_force(parts.database, [watch])
    query = {
        **watch._asdict(),
        "first": within.first,
        "since": within.first,
        "most": chart_sql.MOST_ROWS,
    }
    if as_stored:
        rows = await parts.database.rows(_bars(effective_basis(actions, watch)), query)
    else:
        rows = await candle_rows(parts.database, chart_sql.ROLLED_UP, watch, actions, query)
    names = chart_sql.BAR_COLUMNS if as_stored else chart_sql.CANDLE_COLUMNS
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    begins, until = within.bounds(watch.symbol, watch.interval)
    return {
        **watch._asdict(),
        "range": name,
        # What the page keeps to as bars come: one of a later date makes it load its chart anew.
        "from": begins,
        "until": until,
        "most_bars": chart_sql.MOST_ROWS,
        "simulated": stored.simulated,
        "rolled_up": not as_stored,
        "truncated": len(rows) == chart_sql.MOST_ROWS,
        "sessions": ranges.sessions(watch.symbol, watch.interval, columns[0], within.newest),
        "actions": shown(actions, watch),
        # Commits that were under way when the rows were read are sent again by the stream.
        "as_of": sse.event_id(horizon),
        **dict(zip(names, columns, strict=True)),
    }


async def _base(
    parts: Parts, symbols: Sequence[str], name: ranges.Name, basis: Basis
) -> dict[str, Any]:
    stored = (await parts.series_index.stored(symbols[0])).get(symbols[0])
    intervals = tuple(stored.newest) if stored is not None else ()
    within = await ranges.range_of(parts.database, symbols[0], intervals, name)
    if within is None:
        raise HTTPException(404, f"there are no bars of {symbols[0]}")
    return await ranges.base_prices(parts.database, symbols, within, basis)


def _bars(basis: str) -> str:
    return chart_sql.STORED_BARS if basis == AS_TRADED else chart_sql.BARS_ON_BASIS[basis]


async def _events(parts: Parts, viewer: Viewer, since: datetime | None) -> AsyncIterator[bytes]:
    """Yield what was missed, then what comes, until the viewer leaves or the service stops."""
    try:
        yield sse.HELLO
        if since is not None:
            for missed in await _missed(parts, viewer, since):
                yield missed
        yield sse.status(await parts.health.facts())
        while True:
            try:
                async with asyncio.timeout(_HEARTBEAT_SECONDS):
                    message = await viewer.queue.get()
            except TimeoutError:
                yield sse.heartbeat()
                continue
            if message is None:
                return
            yield message
    finally:
        parts.subscribers.leave(viewer)


async def _missed(parts: Parts, viewer: Viewer, since: datetime) -> list[bytes]:
    try:
        return await parts.feed.catch_up(sorted(viewer.watches), viewer.since, since)
    except DatabaseError:
        # Bars of this time would be missing for good; the page loads its chart anew.
        return [sse.RESYNC]
