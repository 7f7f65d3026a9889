"""The requests of the data API, as the dashboard leaves them in the database, and their answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from services.alerts.connection import Connection

Answer = Mapping[str, Any]

# Whoever asked is gone by then: a rule that came into force later would surprise.
_DROP_OLD: Final = """
delete from alerts.requests where asked_at < clock_timestamp() - interval '1 minute'
"""
_TAKE: Final = """
select request_id, kind, body from alerts.requests
where answer is null order by request_id
"""
_ANSWER: Final = "update alerts.requests set answer = %s::jsonb where request_id = %s"
_SYMBOLS: Final = """
select symbol from market.series where interval = %s order by symbol
"""


class Request(NamedTuple):
    """What is asked; `body` is JSON."""

    request_id: int
    kind: str
    body: str


@dataclass(frozen=True)
class RequestStore:
    """Every method raises DatabaseError."""

    connection: Connection

    def waiting(self) -> list[Request]:
        """Return the requests without an answer; they are few, as more are refused."""
        return [Request(*row) for row in self.connection.rows(_TAKE, ())]

    def answer(self, request: Request, answer: Answer) -> None:
        """Leave an answer for whoever asked."""
        self.connection.run(_ANSWER, (json.dumps(answer), request.request_id))

    def drop_old(self) -> None:
        """Remove what nobody waits for any more."""
        self.connection.run(_DROP_OLD)

    def symbols(self, interval: str) -> list[str]:
        """Return the symbols of which bars of an interval are stored."""
        return [row[0] for row in self.connection.rows(_SYMBOLS, (interval,))]
