"""What the producer's tests begin with."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from services.producer import market_calendar
from services.simulator.market.trading_sessions import Sessions, load_sessions
from tests.unit.producer.harness import OPEN, World
from tests.unit.producer.loop.served_vendor import served_world
from tests.unit.producer.loop.vendor_series import Serve


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a vendor, a broker and a folder, in the middle of a session."""
    return World.at(tmp_path, OPEN)


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    """Return the exchange's sessions, once: to read them takes a moment."""
    return load_sessions(OPEN)


@pytest.fixture(scope="module")
def extended() -> market_calendar.Sessions:
    """Return the sessions of a producer that asks for extended hours."""
    return market_calendar.Sessions(extended_hours=True)


@pytest.fixture
def serve(tmp_path: Path, sessions: Sessions) -> Serve:
    """Return a way to serve bars at 11:00 in New York on 2025-11-06."""
    return partial(served_world, tmp_path, OPEN, sessions, plan="unlimited")
