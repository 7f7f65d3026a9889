"""Reads from PostgreSQL what the demo shows: is it there, how far is the sink, how fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from scripts.launcher.errors import SetupError
from services.common.database_session import session_options
from services.common.secret import Secret

_CONNECT_SECONDS = 5

_LEDGER = """
select
    partition, first_offset, next_offset, stored::bigint, superseded::bigint, rejected::bigint
from bi.sink_status
where topic = %(topic)s
"""

_NEWEST = """
select wanted.symbol, newest.bar_time
from unnest(%(symbols)s::text[]) as wanted (symbol)
cross join lateral (
    select bar_time from bi.events_stream where symbol = wanted.symbol
    order by bar_time desc limit 1
) as newest
"""

# A row of an earlier run that this one changed counts from its change on.
_FIRST_STORED = """
select min(case when inserted_at >= %(since)s then inserted_at else updated_at end)
from bi.events_stream
where updated_at >= %(since)s
"""

_LATENCY = """
select
    count(*),
    percentile_cont(array[0.5, 0.99]) within group (
        order by extract(epoch from updated_at - observed_at)
    )
from bi.events_stream
where observed_at >= %(since)s
"""


@dataclass(frozen=True)
class Login:
    """An account on a server."""

    host: str
    port: int
    database: str
    user: str
    password: Secret


@dataclass(frozen=True)
class LedgerRow:
    """How far the sink has come in one partition, and what became of its records."""

    partition: int
    first_offset: int
    next_offset: int
    stored: int
    superseded: int
    rejected: int


@dataclass(frozen=True)
class Latency:
    """Seconds from the API's answer to the stored row, over so many rows."""

    rows: int
    p50_seconds: float
    p99_seconds: float


def connect(login: Login) -> psycopg.Connection:
    """Return an autocommit connection. Raises psycopg.OperationalError."""
    return psycopg.connect(
        host=login.host,
        port=login.port,
        dbname=login.database,
        user=login.user,
        password=login.password.reveal(),
        connect_timeout=_CONNECT_SECONDS,
        autocommit=True,
        application_name="tapeline-demo",
        client_encoding="utf8",
        options=session_options(),
    )


def is_ready(login: Login) -> bool:
    """Return whether the server lets this account in."""
    try:
        connect(login).close()
    except psycopg.OperationalError:
        return False
    return True


class Reader:
    """Reads as the dashboard's role over one connection. Every method raises SetupError."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._connection: psycopg.Connection | None = None

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()

    def ledger(self, topic: str) -> list[LedgerRow]:
        """Return the sink's ledger of a topic, one row a partition that it has touched."""
        return [LedgerRow(*row) for row in self._rows(_LEDGER, {"topic": topic})]

    def newest(self, symbols: Sequence[str]) -> dict[str, datetime]:
        """Return the newest bar's start of each symbol that has one (UTC)."""
        return dict(self._rows(_NEWEST, {"symbols": list(symbols)}))

    def first_stored_at(self, since: datetime) -> datetime | None:
        """Return when the first row that was touched since then was stored."""
        ((first,),) = self._rows(_FIRST_STORED, {"since": since})
        return first if isinstance(first, datetime) else None

    def latency(self, observed_since: datetime) -> Latency | None:
        """Return the latency of the bars observed since then, or None if there are none."""
        ((rows, quantiles),) = self._rows(_LATENCY, {"since": observed_since})
        return Latency(rows, *map(float, quantiles)) if rows else None

    def _rows(self, query: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        try:
            if self._connection is not None:
                try:
                    return self._asked(self._connection, query, parameters)
                except psycopg.OperationalError:
                    if not self._connection.closed:
                        raise
            # The first time, or since somebody ended the connection of before.
            self._connection = connect(self._login)
            return self._asked(self._connection, query, parameters)
        except psycopg.Error as error:
            raise SetupError(f"PostgreSQL: {' '.join(str(error).split())}") from None

    @staticmethod
    def _asked(
        connection: psycopg.Connection, query: str, parameters: Mapping[str, Any]
    ) -> list[tuple[Any, ...]]:
        return connection.execute(query.encode(), parameters).fetchall()
