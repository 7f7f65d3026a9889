"""Asks the service of alerts: a request goes into the database, its answer comes out of it.

So neither needs an address, a port or a password of the other, and the dashboard may still write
nothing but requests.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.common.advisory_locks import ADVISORY_CLASS, LOCK_ALERTS

_ANSWER_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.05
_IS_RUNNING: Final = """
select exists (
    select from pg_locks inner join pg_database on pg_database.oid = pg_locks.database
    where locktype = 'advisory' and granted and datname = current_database()
        and classid = %s and objid = %s
)
"""

Rows = Callable[[str, Sequence[Any]], Awaitable[list[tuple[Any, ...]]]]


class RefusedError(Exception):
    """What the service did not do, in a line, with a status of HTTP."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True)
class AlertsClient:
    """`read` may read, `ask` may leave requests. Every method raises DatabaseError."""

    read: Rows
    ask: Rows

    async def is_running(self) -> bool:
        """Return whether an instance of the service works."""
        return bool((await self.read(_IS_RUNNING, (ADVISORY_CLASS, LOCK_ALERTS)))[0][0])

    async def answer(self, kind: str, **asked: Any) -> Mapping[str, Any]:
        """Return what the service answers. Raises RefusedError."""
        if not await self.is_running():
            raise RefusedError(503, "the alerts do not run; start the service `alerts`")
        body = json.dumps(asked, ensure_ascii=False)
        [(request_id,)] = await self.ask("select alerts.ask(%s, %s)", (kind, body))
        async with asyncio.timeout(_ANSWER_SECONDS) as patience:
            try:
                return await self._taken(request_id)
            except asyncio.CancelledError:
                if not patience.expired():
                    raise
        raise RefusedError(
            503, "the alerts did not answer in time; look at the list of rules before you ask again"
        )

    async def _taken(self, request_id: int) -> Mapping[str, Any]:
        while True:
            [(answer,)] = await self.ask("select alerts.take_answer(%s)", (request_id,))
            if answer is not None:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        if "error" in answer:
            raise RefusedError(answer["status"], answer["error"])
        found: Mapping[str, Any] = answer
        return found
