"""Keeps market.source_clocks: the clock of a simulated market, for what views tell of the present.

The views measure age, gaps and the state of a market by the clock of the source of its bars. A
real market is at the present and has no row.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psycopg

from services.common.market.market_clock import MarketClock

SIMULATED: Final = "simulator"
"""The source that the producer names in simulated bars."""

_KEEP: Final = """
insert into market.source_clocks as kept (source, started_at, anchored_at, speed)
values (%s, %s, %s, %s)
on conflict (source) do update
set
    started_at = excluded.started_at,
    anchored_at = excluded.anchored_at,
    speed = excluded.speed
where (kept.started_at, kept.anchored_at, kept.speed)
    is distinct from (excluded.started_at, excluded.anchored_at, excluded.speed)
"""


def keep_source_clock(owner: psycopg.Connection, clock: MarketClock) -> None:
    """Store the clock of the simulated market; with the real one there is none to store."""
    if clock.start is None or clock.anchor is None:
        owner.execute("delete from market.source_clocks where source = %s", (SIMULATED,))
    else:
        owner.execute(_KEEP, (SIMULATED, clock.start, clock.anchor, clock.speed))


def read_clock_file(file: Path | None, otherwise: str) -> str:
    """Return the MARKET_CLOCK that a simulator keeps in a file, if the file is there."""
    if file is None or not file.exists():
        return otherwise
    return file.read_text(encoding="utf-8").strip()
