"""A share that splits twice and pays twice, polled with adjusted prices: after each day every bar
stored is on the basis of that day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from services.simulator.api.time_series import Intraday, intraday
from services.simulator.market.bars import SimulatedBars
from services.simulator.market.corporate_actions import SharesWithActions
from services.simulator.market.trading_sessions import load_sessions
from tests.unit.producer.harness import LIVE, Process, published, stored
from tests.unit.producer.loop.served_vendor import simulated_world

BEGIN, LAST_DAY = datetime(2025, 11, 5, 14, tzinfo=UTC), date(2025, 11, 14)
SETTINGS = {
    **LIVE,
    "SYMBOLS": "TWINA",
    "INTERVALS": "60min",
    "ADJUSTED": "true",
    "HISTORY_MONTHS": "1",
}
POLL, CALLS_SECONDS = timedelta(hours=3), 8
# 21:00 in New York, after all trade.
EVENING_UTC = 2


def answers(source: SharesWithActions, now: datetime) -> dict[str, list[str]]:
    """Return the vendor's adjusted hours of October and November at an instant."""
    found: dict[str, list[str]] = {}
    for month in (date(2025, 10, 1), date(2025, 11, 1)):
        wanted = Intraday("60min", extended=True, full=True, month=month, adjusted=True)
        found |= {bar.time: [*bar[1:]] for bar in intraday(source, "TWINA", wanted, now, now)}
    return found


def test_every_bar_is_on_the_basis_of_the_newest_action(tmp_path: Path) -> None:
    sessions = load_sessions(BEGIN)
    source = SharesWithActions(SimulatedBars(1, sessions), sessions)
    bases: dict[str, set[str]] = {}
    with simulated_world(tmp_path, BEGIN, sessions, source, "unlimited", "realtime") as (world, _):
        process = Process(world, SETTINGS)
        while (now := world.clock.now()).date() <= LAST_DAY:
            for _ in range(CALLS_SECONDS):
                process.steps(4)
                world.clock.move(seconds=1)
            if now.hour == EVENING_UTC and sessions.on(day := now.date() - timedelta(days=1)):
                newest = {bar["exchange_time"]: bar for bar in published(world.broker)}
                bases[f"{day:%m-%d}"] = {bar["adjusted_as_of"] for bar in newest.values()}
                assert stored(world.broker) == answers(source, world.clock.now()), now
            world.clock.move(seconds=POLL.total_seconds() - CALLS_SECONDS)
        process.end()
    assert bases == {
        "11-05": {"2025-11-05"},
        "11-06": {"2025-11-06"},
        "11-07": {"2025-11-07"},
        "11-10": {"2025-11-07"},
        "11-11": {"2025-11-11"},
        "11-12": {"2025-11-12"},
        "11-13": {"2025-11-12"},
    }
