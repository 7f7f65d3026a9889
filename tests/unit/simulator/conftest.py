"""What the tests share: the exchange calendar (built once, it takes a moment) and two APIs."""

from __future__ import annotations

import pytest

from services.simulator.api.calls import Api
from services.simulator.market.bars import SimulatedBars
from services.simulator.market.trading_sessions import Sessions, load_sessions
from tests.unit.simulator.fakes import FixedBars, HandClock, make_api, utc


@pytest.fixture(scope="session")
def sessions() -> Sessions:
    return load_sessions(utc("2026-11-23T12:00:00"))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def api(sessions: Sessions, clock: HandClock) -> Api:
    return make_api(FixedBars(), sessions, "unlimited", clock)


@pytest.fixture
def simulated(sessions: Sessions, clock: HandClock) -> Api:
    return make_api(SimulatedBars(1, sessions), sessions, "unlimited", clock)
