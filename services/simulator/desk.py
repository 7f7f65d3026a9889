"""Every call passes here: a fault may take the place of its answer, and both are counted."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from services.simulator import envelopes
from services.simulator.api import FUNCTIONS, Answer, Api, Call
from services.simulator.faults import Faults

_HTML: Final = (
    b"<!DOCTYPE html>\n<html><head><title>Alpha Vantage</title></head>"
    b"<body><h1>We will be back soon</h1></body></html>\n"
)
_RAPIDAPI_LIMIT: Final = {
    "message": (
        "You have exceeded the rate limit per minute for your plan, BASIC, by the API provider"
    )
}
_INSTEAD: Final = {
    "429": Answer("429", json.dumps(_RAPIDAPI_LIMIT).encode(), 429),
    "500": Answer("500", b"Internal Server Error", 500, "text/plain"),
    "html": Answer("html", _HTML, content_type="text/html"),
    "empty": Answer("empty", b""),
    "hang": Answer("hang", b""),
    "reset": Answer("reset", b""),
}
_OTHER: Final = "other"


@dataclass(frozen=True)
class Reply:
    """An answer and how it reaches the caller: `plain`, `hang`, `drip`, `truncated`, `reset`."""

    answer: Answer
    delivery: str = "plain"


class Desk:
    """Takes calls for the API. Safe to use from many threads."""

    def __init__(self, api: Api, faults: Faults) -> None:
        self.faults = faults
        self._api = api
        self._lock = threading.Lock()
        self._functions: Counter[str] = Counter()
        self._classes: Counter[str] = Counter()

    def take(self, call: Call) -> Reply:
        """Answer a call, rightly or with the fault that is due."""
        reply = self._reply(self.faults.choose(), call)
        function = call.function if call.function in FUNCTIONS else _OTHER
        with self._lock:
            self._functions[function] += 1
            self._classes[reply.answer.kind] += 1
        return reply

    def requests(self) -> dict[str, object]:
        """Return how many calls came, by function and by the class of their answers."""
        with self._lock:
            return {
                "total": self._functions.total(),
                "by_function": dict(self._functions),
                "by_class": dict(self._classes),
            }

    def _reply(self, fault: str | None, call: Call) -> Reply:
        if fault is None:
            return Reply(self._api.answer(call))
        if fault in ("drip", "truncated"):
            return Reply(replace(self._api.answer(call), kind=fault), fault)
        # A call that goes wrong still uses up a part of the limit.
        self._api.limiter.admit(call.key)
        if fault in envelopes.KINDS:
            return Reply(self._api.envelope(fault, call))
        return Reply(_INSTEAD[fault], fault if fault in ("hang", "reset") else "plain")
