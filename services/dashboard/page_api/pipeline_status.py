"""How the pipeline stands, as the strip of the page shows it: counts, ages, quotes."""

from __future__ import annotations

import asyncio
import logging
import statistics
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

from services.dashboard.connection_pool import Database, DatabaseError
from services.dashboard.data_api.formats import instant_text
from services.dashboard.live import sse
from services.dashboard.live.feed import Feed
from services.dashboard.live.subscribers import Subscribers
from services.dashboard.page_api import sql
from services.dashboard.page_api.series_index import SeriesIndex

QUOTED_SYMBOLS: Final = 60
_EVERY_SECONDS: Final = 2.0

Quota = Callable[[], Awaitable[Mapping[str, Any] | None]]


class PipelineStatus:
    """Asks for the figures every two seconds while somebody looks, and tells all viewers."""

    def __init__(
        self,
        database: Database,
        series_index: SeriesIndex,
        subscribers: Subscribers,
        feed: Feed,
        quota: Quota,
        log: logging.Logger,
    ) -> None:
        self._database = database
        self._catalogue = series_index
        self._audience = subscribers
        self._feed = feed
        self._quota = quota
        self._log = log

    async def run(self) -> None:
        """Send it at each interval, without end."""
        while True:
            if len(self._audience):
                self._audience.tell_all(sse.status(await self.facts()))
            await asyncio.sleep(_EVERY_SECONDS)

    async def facts(self) -> Mapping[str, Any]:
        """Return the figures; without the database, only that it is away."""
        about = {"listening": self._feed.listening, "viewers": len(self._audience)}
        try:
            stored = await self._catalogue.stored()
            quoted = await self._catalogue.quoted()
            [(rows, rejected, lost, updated_at, now)] = await self._database.rows(sql.SINK)
            symbols = list(stored)[:QUOTED_SYMBOLS]
            newest = await self._database.rows(sql.NEWEST, (symbols,))
        except DatabaseError as error:
            return {**about, "database": False, "trouble": str(error)}
        return {
            **about,
            "database": True,
            "now": _text(now),
            "symbols": len(stored),
            "series": sum(len(one.newest) for one in stored.values()),
            "quoted": len(quoted),
            "stored": rows,
            "rejected": rejected,
            "lost": lost,
            "stored_at": _text(updated_at),
            "age_seconds": (now - updated_at).total_seconds() if updated_at else None,
            "delay_seconds": statistics.median([row[5] for row in newest]) if newest else None,
            "newest_bar": _text(max((row[6] for row in newest), default=None)),
            "simulated": any(one.simulated for one in stored.values()),
            "quota": await self._quota(),
            "quotes": [_quote(row) for row in newest],
        }


def _quote(row: tuple[Any, ...]) -> dict[str, Any]:
    symbol, close, before, source, freshness, _, bar_time = row
    return {
        "symbol": symbol,
        "bar_time": _text(bar_time),
        "close": close,
        "previous_close": before,
        "simulated": source == "simulator",
        "freshness": freshness,
    }


def _text(instant: datetime | None) -> str | None:
    return instant_text(instant) if instant else None
