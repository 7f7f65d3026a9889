"""Reads the services' metrics and the database's size now and then: text in, a history out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

from services.dashboard.connection_pool import Database, DatabaseError
from services.dashboard.pipeline_page.charts import SCRAPE_SECONDS
from services.dashboard.pipeline_page.readings import History, reading_of

_SIZE: Final = "select pg_database_size(current_database())"

Metrics = Callable[[str], Awaitable[str | None]]


class Sampler:
    """Fills `history` without end. A service that does not answer is missing in that reading."""

    def __init__(
        self,
        urls: Sequence[str],
        metrics: Metrics,
        database: Database,
        now: Callable[[], datetime],
        log: logging.Logger,
    ) -> None:
        self._urls = urls
        self._metrics = metrics
        self._database = database
        self._now = now
        self._log = log
        self.history = History()

    async def run(self) -> None:
        """Read at each interval, without end."""
        while True:
            await self.read()
            await asyncio.sleep(SCRAPE_SECONDS)

    async def read(self) -> None:
        """Read once."""
        told = await asyncio.gather(*(self._metrics(url) for url in self._urls), self._size())
        text = "\n".join(one for one in told if one)
        try:
            self.history.add(reading_of(self._now().timestamp(), text))
        except ValueError as error:
            self._log.warning("what a service tells is no metrics, left out: %s", error)

    async def _size(self) -> str | None:
        try:
            [(size,)] = await self._database.rows(_SIZE)
        except DatabaseError:
            return None
        # Named as the exporter of PostgreSQL names it, so that one chart fits both.
        return f'pg_database_size_bytes{{datname="market"}} {size}'
