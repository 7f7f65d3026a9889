"""Brings what was committed to those who look at it: notifications in, messages out.

One round serves all viewers of a series, however many there are. What changed is found by
`updated_at`, a little before the last one seen, since commits do not come in its order; what was
sent already is not sent again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from services.dashboard import messages, statements
from services.dashboard.audience import Audience, Watch
from services.dashboard.catalogue import Catalogue
from services.dashboard.postgres import Database, DatabaseError

OVERLAP: Final = timedelta(seconds=5)
MOST_ROWS: Final = 5_000
_GATHER_SECONDS: Final = 0.02
# A backlog that drains brings a round thousands of rows, and the next one at once: a rest as long
# as three rounds leaves the processors to those who store the bars, and comes before a second.
_REST_ROUNDS: Final = 3.0
_MOST_REST_SECONDS: Final = 0.5
_LATER_ROUNDS: Final = 5  # derived series follow their bars without a notification
_LATER_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 1.0

Sent = dict[Watch, dict[tuple[str, float], tuple[Any, ...]]]


@dataclass
class Heard:
    """The symbols that notifications named since the last round; `everything` if one named none."""

    symbols: set[str] = field(default_factory=set)
    everything: bool = False

    def add(self, payload: str | None) -> None:
        """Take a notification's payload; None stands for all that was missed.

        Every account of the database may notify, so that the payload may be anything.
        """
        try:
            named = json.loads(payload or "")["symbols"]
            self.symbols.update(named)
        except (ValueError, TypeError, KeyError, RecursionError):
            self.everything = True

    def concerns(self, watch: Watch) -> bool:
        """Return whether the series may have changed."""
        return self.everything or watch.symbol in self.symbols


def rest_seconds(round_seconds: float) -> float:
    """Return the pause that follows a round."""
    return min(_MOST_REST_SECONDS, _REST_ROUNDS * round_seconds)


class Feed:
    """Listens, and tells the audience. `listening` says whether the database is heard."""

    def __init__(
        self, database: Database, catalogue: Catalogue, audience: Audience, log: logging.Logger
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._audience = audience
        self._log = log
        self._heard = Heard()
        self._wake = asyncio.Event()
        self._since: datetime | None = None
        self._sent: Sent = {}
        self.listening = False

    async def listen(self) -> None:
        """Hear notifications for ever; a lost connection is made again."""
        while True:
            try:
                async for payload in self._database.notifications():
                    if not self.listening:
                        self._log.info("listening to %s", "PostgreSQL")
                    self.listening = True
                    self._heard.add(payload)
                    self._wake.set()
            except DatabaseError as error:
                if self.listening or self._since is None:
                    self._log.warning("the database is away, trying again: %s", error.detail)
            self.listening = False
            await asyncio.sleep(_RETRY_SECONDS)

    async def tell(self) -> None:
        """Send what changed for ever, at each notification and some moments after it."""
        later = 0
        while True:
            try:
                await asyncio.wait_for(self._wake.wait(), _LATER_SECONDS)
                await asyncio.sleep(_GATHER_SECONDS)
                later = _LATER_ROUNDS
            except TimeoutError:
                later = max(0, later - 1)
                if not later:
                    continue
            self._wake.clear()
            heard, self._heard = self._heard, Heard()
            begun = time.monotonic()
            try:
                await self._round(heard)
            except DatabaseError as error:
                self._log.warning("a round waits: %s", error.detail)
                self._heard.everything = True
                later = _LATER_ROUNDS
            await asyncio.sleep(rest_seconds(time.monotonic() - begun))

    async def catch_up(self, watch: Watch, shown_from: datetime, since: datetime) -> list[bytes]:
        """Return what changed in a series since an instant, for one viewer. Raises
        DatabaseError."""
        found = await self._changes({watch: shown_from}, since - OVERLAP)
        rows, derived = found.bars.get(watch, []), found.indicators.get(watch, [])
        if max(len(rows), len(derived)) > MOST_ROWS:
            return [messages.RESYNC]
        told = [messages.bars(watch, rows, messages.event_id(found.newest or since))]
        return told + ([messages.indicators(watch, derived)] if derived else [])

    async def _round(self, heard: Heard) -> None:
        if self._since is None:
            [(*_, self._since)] = await self._database.rows(statements.SINK)
        watched = self._audience.watched()
        for gone in self._sent.keys() - watched.keys():
            del self._sent[gone]
        # Word of derived series comes from nowhere, so that they are looked for in all of them.
        wanted = {w: at for w, at in watched.items() if heard.concerns(w) or w in self._sent}
        if not wanted or self._since is None:
            return
        found = await self._changes(wanted, self._since - OVERLAP)
        self._since = max(self._since, found.newest or self._since)
        identity = messages.event_id(self._since)
        for watch in wanted:
            if rows := self._unsent(watch, "bars", found.bars.get(watch, [])):
                self._send(watch, rows, messages.bars(watch, rows, identity))
            if rows := self._unsent(watch, "indicators", found.indicators.get(watch, [])):
                self._send(watch, rows, messages.indicators(watch, rows))

    def _send(self, watch: Watch, rows: list[Any], message: bytes) -> None:
        self._audience.tell(watch, messages.RESYNC if len(rows) > MOST_ROWS else message)

    def _unsent(self, watch: Watch, what: str, rows: list[tuple[Any, ...]]) -> list[Any]:
        """Return the rows that were not sent yet as they are; what is too old to come again is
        forgotten by keeping no more than the rows of this round."""
        before = self._sent.setdefault(watch, {})
        fresh = [row for row in rows if before.get((what, row[0])) != row]
        kept = {key: row for key, row in before.items() if key[0] != what}
        self._sent[watch] = kept | {(what, row[0]): row for row in rows}
        return fresh

    async def _changes(self, watched: Mapping[Watch, datetime], since: datetime) -> _Changes:
        stored = await self._catalogue.stored()
        direct = {
            watch: at
            for watch, at in watched.items()
            if watch.symbol in stored and watch.interval in stored[watch.symbol].newest
        }
        changes = _Changes()
        if direct:
            places = (
                [watch.symbol for watch in direct],
                [watch.interval for watch in direct],
                list(direct.values()),
                since,
            )
            for row in await self._database.rows(statements.CHANGED_BARS, places):
                changes.add_bar(row)
            for row in await self._database.rows(statements.CHANGED_INDICATORS, places):
                changes.indicators.setdefault(Watch(*row[:2]), []).append(row[2:])
        for watch in watched.keys() - direct.keys():
            if watch.symbol in stored and watch.interval in statements.CANDLES_OF_SESSIONS:
                smaller = stored[watch.symbol].smaller_than(watch.interval)
                await self._candles(changes, watch, list(smaller), watched[watch], since)
        return changes

    async def _candles(
        self, changes: _Changes, watch: Watch, smaller: list[str], shown: datetime, since: datetime
    ) -> None:
        sessions = await self._database.rows(
            statements.CHANGED_SESSIONS, (watch.symbol, smaller, shown, since)
        )
        if sessions:
            changes.bars[watch] = await self._database.rows(
                statements.CANDLES_OF_SESSIONS[watch.interval],
                (watch.symbol, [row[0] for row in sessions]),
            )


@dataclass
class _Changes:
    """Rows by series as messages carry them, and the newest `updated_at` among them."""

    bars: dict[Watch, list[tuple[Any, ...]]] = field(default_factory=dict)
    indicators: dict[Watch, list[tuple[Any, ...]]] = field(default_factory=dict)
    newest: datetime | None = None

    def add_bar(self, row: tuple[Any, ...]) -> None:
        """Take a row of CHANGED_BARS."""
        symbol, interval, *values, updated_at = row
        self.bars.setdefault(Watch(symbol, interval), []).append(tuple(values))
        self.newest = max(updated_at, self.newest or updated_at)
