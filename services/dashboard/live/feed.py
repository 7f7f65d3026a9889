"""Brings what was committed to those who look at it: notifications in, messages out.

One round serves all viewers of a series, however many there are. What changed is found by
`updated_at`, from the `horizon` of the round before on, since commits do not come in its order;
what was sent already is not sent again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.dashboard.connection_pool import Database, DatabaseError
from services.dashboard.live import sse
from services.dashboard.live.changed_rows import Asked, ChangedRows
from services.dashboard.live.changes import Changed
from services.dashboard.live.snapshot_horizon import LONGEST, Snapshot, SnapshotHorizon
from services.dashboard.live.subscribers import Subscribers, Watch
from services.dashboard.page_api import sql
from services.dashboard.page_api.actions import Action, in_force, shown
from services.dashboard.page_api.chart_sql import MOST_ROWS
from services.dashboard.page_api.series_index import SeriesIndex

_GATHER_SECONDS: Final = 0.02
# A backlog that drains brings a round thousands of rows, and the next one at once: a rest as long
# as three rounds leaves the processors to those who store the bars, and comes before a second.
_REST_ROUNDS: Final = 3.0
_MOST_REST_SECONDS: Final = 0.5
# Indicators follow their bars without a notification: mostly at once, but late in a backlog.
_LATER_ROUNDS: Final = 5
_LATER_SECONDS: Final = 1.0
_QUIET_SECONDS: Final = 15.0
_RETRY_SECONDS: Final = 1.0


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
        self,
        database: Database,
        series_index: SeriesIndex,
        subscribers: Subscribers,
        log: logging.Logger,
    ) -> None:
        self._database = database
        self._changed_rows = ChangedRows(database, series_index)
        self._audience = subscribers
        self._log = log
        self._heard = Heard()
        self._wake = asyncio.Event()
        self._horizon = SnapshotHorizon()
        self._seen_until: datetime | None = None
        self._since: dict[Watch, datetime] = {}
        self._sent: dict[Watch, Changed] = {}
        self._actions: dict[Watch, tuple[Action, ...]] = {}
        self.listening = False

    async def listen(self) -> None:
        """Hear notifications without end; a lost connection is made again."""
        while True:
            try:
                async for payload in self._database.notifications():
                    if not self.listening:
                        self._log.info("listening to %s", "PostgreSQL")
                    self.listening = True
                    self._heard.add(payload)
                    self._wake.set()
            except DatabaseError as error:
                if self.listening or self._seen_until is None:
                    self._log.warning("the database is away, trying again: %s", error.detail)
            self.listening = False
            await asyncio.sleep(_RETRY_SECONDS)

    async def tell(self) -> None:
        """Send what changed, at each notification, some moments after it, and now and
        then."""
        later = 0
        while True:
            try:
                await asyncio.wait_for(
                    self._wake.wait(), _LATER_SECONDS if later else _QUIET_SECONDS
                )
                await asyncio.sleep(_GATHER_SECONDS)
                later = _LATER_ROUNDS
            except TimeoutError:
                self._heard.everything |= not later
                later = max(0, later - 1)
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

    async def horizon(self) -> datetime:
        """Return an instant: what is not seen from now on is stamped after it. Raises
        DatabaseError."""
        [row] = await self._database.rows(sql.SNAPSHOT)
        return self._horizon.after(Snapshot(*row))

    async def catch_up(
        self, watches: Iterable[Watch], shown_from: datetime, since: datetime
    ) -> list[bytes]:
        """Return what changed in some series since an instant, for one viewer. Raises
        DatabaseError."""
        identity = sse.event_id(await self.horizon())
        asked = {watch: Asked(shown_from, since) for watch in watches}
        actions = await in_force(self._database, asked)
        told = [sse.actions(watch, shown(actions, watch)) for watch in asked]
        found = await self._changed_rows.of(asked, actions)
        told += [one for watch, changed in found.items() for one in _told(watch, changed, changed)]
        # The id comes last: a viewer that is lost before it gets all of this again.
        return [*told, sse.heartbeat(identity)]

    async def _round(self, heard: Heard) -> None:
        before, self._seen_until = self._seen_until, await self.horizon()
        watched = self._audience.watched()
        for gone in self._since.keys() - watched.keys():
            del self._since[gone]
            self._sent.pop(gone, None)
            self._actions.pop(gone, None)
        for new in watched.keys() - self._since.keys():
            # Whoever asked for it has caught up with more than the round before saw.
            self._since[new] = before or self._seen_until - LONGEST
        # Word of indicators comes from nowhere, so that they are looked for as well wherever
        # something was sent.
        wanted = {
            watch: Asked(shown_from, self._since[watch])
            for watch, shown_from in watched.items()
            if heard.concerns(watch) or watch in self._sent
        }
        actions = await in_force(self._database, wanted)
        found = await self._changed_rows.of(wanted, actions)
        identity = sse.event_id(self._seen_until)
        for watch in wanted:
            # They change prices that were sent: the page sees that it has to load its chart anew.
            if actions[watch] != self._actions.get(watch):
                self._audience.tell(watch, sse.actions(watch, shown(actions, watch)))
                self._actions[watch] = actions[watch]
            self._since[watch] = self._seen_until
            changed, sent = found.get(watch, Changed()), self._sent.pop(watch, Changed())
            for message in _told(watch, changed, changed.since(sent), identity):
                self._audience.tell(watch, message)
            if changed.most():
                self._sent[watch] = changed


def _told(
    watch: Watch, found: Changed, unsent: Changed, identity: str | None = None
) -> list[bytes]:
    """Return the messages; where more was found than a chart holds, the viewers begin anew."""
    if found.most() > MOST_ROWS:
        return [sse.RESYNC]
    told = []
    if unsent.candles_since is not None:
        told.append(sse.candles(watch, unsent.candles_since, unsent.candles, identity))
    if unsent.bars:
        told.append(sse.bars(watch, unsent.bars, identity))
    if unsent.indicators:
        told.append(sse.indicators(watch, unsent.indicators))
    return told
