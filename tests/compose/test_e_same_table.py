"""The same market, once in containers and once as plain processes, gives the same table."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg

from services.common.market.market_clock import parse_market_clock
from services.simulator.market.trades import LATEST_REVISION_MINUTES
from tests.compose.local_run import LocalRun
from tests.compose.stack import LOAD, Stack
from tests.fixtures.live import wait_for

SYMBOLS = LOAD["SYMBOLS"].split(",")
# Until then the market may revise a bar, and one of the two may have asked before, one after.
REVISED_WITHIN = timedelta(minutes=LATEST_REVISION_MINUTES)
# All but what tells when and in how many steps a bar arrived.
ROWS = b"""
    select symbol, interval, bar_time, open, high, low, close, volume, session_date, source,
        freshness, basis, is_final
    from bi.events_stream
    where is_final and bar_time between %s and %s
    order by symbol, interval, bar_time
"""
BOUNDS = b"""
    select symbol, min(bar_time), max(bar_time) from bi.events_stream where is_final group by symbol
"""
Connection = psycopg.Connection[tuple[Any, ...]]


def has_come_to(moment: datetime, connection: Connection) -> bool:
    """Return whether each symbol has a finished bar that began at the moment or later."""
    last = {symbol: last for symbol, _, last in connection.execute(BOUNDS)}
    return last.keys() == {*SYMBOLS} and min(last.values()) >= moment


def test_the_same_market_gives_the_same_table(stack: Stack, local_run: LocalRun) -> None:
    with local_run.connection() as plain, stack.connection() as contained:
        present = parse_market_clock(local_run.clock).now()
        for connection in (plain, contained):
            wait_for(
                lambda connection=connection: has_come_to(present, connection),  # type: ignore[misc]
                f"bars of all symbols from {present} on",
                180,
            )
        both = [*plain.execute(BOUNDS), *contained.execute(BOUNDS)]
        settled = min(last for _, _, last in both) - REVISED_WITHIN
        bounds = max(first for _, first, _ in both), settled
        wanted = plain.execute(ROWS, bounds).fetchall()
        found = contained.execute(ROWS, bounds).fetchall()

    assert len(wanted) > 10_000 * len(SYMBOLS)
    assert found == wanted
    local_run.stop()  # the tests after this one need it no longer
