"""Finds what has changed of some series: instants in, the rows of the database out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from services.dashboard.connection_pool import Database
from services.dashboard.data_api.dataset import AS_TRADED
from services.dashboard.live.changes import Changed
from services.dashboard.live.subscribers import Watch
from services.dashboard.page_api import chart_sql
from services.dashboard.page_api.actions import Actions, effective_basis
from services.dashboard.page_api.candle_rows import candle_rows
from services.dashboard.page_api.series_index import SeriesIndex


class Asked(NamedTuple):
    """The earliest bar that is shown, and from when on changes are wanted."""

    shown_from: datetime
    since: datetime


@dataclass(frozen=True)
class ChangedRows:
    """Asks the database. Raises DatabaseError."""

    database: Database
    series_index: SeriesIndex

    async def of(self, asked: Mapping[Watch, Asked], actions: Actions) -> dict[Watch, Changed]:
        """Return what has changed of each series that is stored or rolled up."""
        stored = await self.series_index.stored() if asked else {}
        as_traded: dict[Watch, Asked] = {}
        found: dict[Watch, Changed] = {}
        for watch, wanted in asked.items():
            if watch.symbol not in stored:
                continue
            series = stored[watch.symbol]
            basis = effective_basis(actions, watch)
            if not series.is_drawn_as_stored(watch.interval):
                smaller = list(series.smaller_than(watch.interval))
                rows = await self._candles(watch, actions, smaller, wanted)
                found[watch] = Changed(candles=rows)
            elif basis == AS_TRADED:
                as_traded[watch] = wanted
            else:
                found[watch] = await self._on_basis(watch, basis, wanted)
        return found | await self._as_traded(as_traded)

    async def _as_traded(self, asked: Mapping[Watch, Asked]) -> dict[Watch, Changed]:
        watches = list(asked)
        found = {watch: Changed() for watch in watches}
        if not watches:
            return found
        places = (
            [watch.symbol for watch in watches],
            [watch.interval for watch in watches],
            [asked[watch].shown_from for watch in watches],
            [asked[watch].since for watch in watches],
        )
        for place, *row in await self.database.rows(chart_sql.CHANGED_BARS, places):
            found[watches[place - 1]].bars.append(tuple(row))
        for place, *row in await self.database.rows(chart_sql.CHANGED_INDICATORS, places):
            found[watches[place - 1]].indicators.append(tuple(row))
        return found

    async def _on_basis(self, watch: Watch, basis: str, asked: Asked) -> Changed:
        query = {
            "symbol": watch.symbol,
            "interval": watch.interval,
            **asked._asdict(),
            "most": chart_sql.MOST_ROWS + 1,
        }
        rows = await self.database.rows(chart_sql.CHANGED_ON_BASIS[basis], query)
        values = 6
        return Changed(
            bars=[row[:values] for row in rows],
            indicators=[(row[0], *row[values:]) for row in rows],
        )

    async def _candles(
        self, watch: Watch, actions: Actions, smaller: list[str], asked: Asked
    ) -> list[tuple[Any, ...]]:
        if watch.interval not in chart_sql.ROLLED_UP_SINCE[watch.basis]:
            return []
        [(session,)] = await self.database.rows(
            chart_sql.FIRST_CHANGED_SESSION, (watch.symbol, smaller, *asked)
        )
        if session is None:
            return []
        query = {"symbol": watch.symbol, "since": session, "most": chart_sql.MOST_ROWS + 1}
        return await candle_rows(self.database, chart_sql.ROLLED_UP_SINCE, watch, actions, query)
