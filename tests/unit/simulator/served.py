"""A call of a running simulator."""

from __future__ import annotations

from collections.abc import Callable

import requests

from services.simulator.server import SimulatorServer

QUOTE = {"function": "GLOBAL_QUOTE", "symbol": "IBM", "apikey": "KEY123"}
PATIENCE_SECONDS = 30
Start = Callable[[float], SimulatorServer]


def get(server: SimulatorServer, session: requests.Session, **more: float) -> requests.Response:
    timeout = more.get("timeout", PATIENCE_SECONDS)
    return session.get(server.url, params=QUOTE, timeout=timeout)
