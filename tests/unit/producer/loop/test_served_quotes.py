"""From the simulator's answers through the producer to what the stream stores: by the hour."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.common.market.exchanges import NEW_YORK
from services.common.market.trade_date import in_zone
from services.simulator.market.bars import SimulatedBars
from services.simulator.market.trading_sessions import load_sessions
from services.stream.quotes.decode import QuoteRow, decode
from tests.unit.producer.harness import Process
from tests.unit.producer.loop.served_vendor import simulated_world

ASKED = {
    "ALPHA_VANTAGE_PLAN": "75",
    "ALPHA_VANTAGE_ENTITLEMENT": "delayed",
    "INTERVALS": "60min",
    "QUOTES": "on",
    "SYMBOLS": "AAPL,IBM",
}


@pytest.mark.parametrize(("hour", "is_extended"), [(8, False), (13, True), (16, False), (23, True)])
def test_what_the_simulator_answers_is_a_quote_at_every_hour(
    tmp_path: Path, hour: int, is_extended: bool
) -> None:
    # Before 4:00 in New York, before the opening, in regular hours, after them.
    now = datetime(2025, 11, 6, hour, 30, tzinfo=UTC)
    sessions = load_sessions(now)
    with simulated_world(tmp_path, now, sessions, SimulatedBars(1, sessions), "75", "delayed") as (
        world,
        _,
    ):
        process = Process(world, ASKED)
        process.steps(3)
        process.end()
    found: list[QuoteRow] = [
        decode(key, value, now)
        for topic, (key, value) in zip(world.broker.topics, world.broker.log, strict=True)
        if topic == "market.quotes"
    ]
    assert [row.symbol for row in found] == ["AAPL", "IBM"]
    for row in found:
        assert row.quoted_at <= now
        assert row.close is not None
        assert row.volume is not None
        local = in_zone(row.quoted_at, NEW_YORK)
        assert row.session_date == local.date()
        if hour != 8:
            assert (now - row.quoted_at).total_seconds() < 3_600
            assert (row.extended_hours_price is not None) == is_extended
