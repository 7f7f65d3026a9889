"""The simulator's own addresses, beside those of the API: health, counters, faults."""

from __future__ import annotations

import json
from typing import Final

from services.simulator.api.dispatch import Dispatcher
from services.simulator.api.messages import Answer

_LOCAL: Final = ("/faults", "/requests")


def control(dispatcher: Dispatcher, method: str, path: str, body: bytes, local: bool) -> Answer:
    """Answer a request to anything but the API; only `local` callers may see or set faults.

    `PUT /faults` takes `{"probabilities": {NAME: 0.1}, "next": [NAME, ...], "symbols": {SYMBOL:
    NAME}}`; a member that is absent leaves that part as it is, and `none` in the list lets a call
    pass.
    """
    if path == "/health" and method == "GET":
        return Answer("control", b"ok", content_type="text/plain")
    if path in _LOCAL and not local:
        return _error(403, f"{path} answers only on the machine itself")
    if path == "/requests" and method == "GET":
        return _json(dispatcher.requests())
    if path == "/faults" and method == "GET":
        return _json(dispatcher.faults.state())
    if path == "/faults" and method == "PUT":
        return _set_faults(dispatcher, body)
    return _error(404, f"there is no {method} {path}; the API is at GET /query")


def _set_faults(dispatcher: Dispatcher, body: bytes) -> Answer:
    try:
        wanted = json.loads(body)
        if not isinstance(wanted, dict) or wanted.keys() - {"probabilities", "next", "symbols"}:
            raise ValueError("the body must be an object of `probabilities`, `next`, `symbols`")
        dispatcher.faults.set(_probabilities(wanted), _next(wanted), _symbols(wanted))
    except ValueError as error:
        return _error(400, str(error))
    return _json(dispatcher.faults.state())


def _probabilities(wanted: dict[str, object]) -> dict[str, float] | None:
    found = wanted.get("probabilities")
    if found is None:
        return None
    if not isinstance(found, dict) or not all(
        isinstance(value, int | float) for value in found.values()
    ):
        raise ValueError("`probabilities` must map names of faults to numbers")
    return found


def _next(wanted: dict[str, object]) -> list[str] | None:
    found = wanted.get("next")
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise ValueError("`next` must be a list of names of faults")
    return found


def _symbols(wanted: dict[str, object]) -> dict[str, str] | None:
    found = wanted.get("symbols")
    if found is None:
        return None
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found.values()):
        raise ValueError("`symbols` must map symbols to names of faults")
    return found


def _json(value: object) -> Answer:
    return Answer("control", json.dumps(value, indent=4).encode())


def _error(status: int, message: str) -> Answer:
    return Answer("control", json.dumps({"error": message}).encode(), status)
