"""Every call passes here: a fault may take the place of its answer, and both are counted."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Final
from urllib.parse import urlencode

from services.simulator.api import envelopes
from services.simulator.api.calls import FUNCTIONS, Api
from services.simulator.api.faults import OLD_SHAPE, SHORT, Faults
from services.simulator.api.messages import Answer, Call
from services.simulator.api.other_markets import in_old_shape, whole_symbol

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
_MOVED_TO: Final = "https://moved.example/query"
_LIMITED_SECONDS: Final = 2
_SHORT_BARS: Final = 3


@dataclass(frozen=True)
class Reply:
    """An answer and how it reaches the caller: `plain`, `hang`, `drip`, `truncated`, `reset`."""

    answer: Answer
    delivery: str = "plain"


class Dispatcher:
    """Takes calls for the API. Safe to use from many threads."""

    def __init__(self, api: Api, faults: Faults) -> None:
        self.faults = faults
        self._api = api
        self._lock = threading.Lock()
        self._functions: Counter[str] = Counter()
        self._classes: Counter[str] = Counter()

    def take(self, call: Call) -> Reply:
        """Answer a call, rightly or with the fault that is due."""
        reply = self._reply(self.faults.choose(whole_symbol(call)), call)
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
        if fault in (None, SHORT, OLD_SHAPE):
            answer = self._api.answer(call)
            if fault == OLD_SHAPE:
                return Reply(in_old_shape(answer, call))
            return Reply(_short(answer) if fault else answer)
        if fault in ("drip", "truncated"):
            return Reply(replace(self._api.answer(call), kind=fault), fault)
        # A call that goes wrong still uses up a part of the limit.
        self._api.limiter.admit(call.key)
        if fault in envelopes.KINDS:
            return Reply(self._api.envelope(fault, call))
        if fault in ("redirect", "429_until"):
            return Reply(_with_header(fault, call))
        return Reply(_INSTEAD[fault], fault if fault in ("hang", "reset") else "plain")


def _with_header(fault: str, call: Call) -> Answer:
    if fault == "redirect":
        target = f"{_MOVED_TO}?{urlencode(call.parameters)}"
        return Answer(fault, b"", 301, "text/plain", {"Location": target})
    until = formatdate(time.time() + _LIMITED_SECONDS, usegmt=True)
    return Answer(fault, b"", 429, "text/plain", {"Retry-After": until})


def _short(answer: Answer) -> Answer:
    """Return the answer with no more than its newest bars; one without bars stays as it is."""
    if answer.kind != "data" or answer.content_type != "application/json":
        return answer
    document = json.loads(answer.body)
    for name, value in document.items():
        if name.startswith("Time Series"):
            document[name] = dict(list(value.items())[:_SHORT_BARS])
        elif name == "data" and value and "date" in value[0]:
            document[name] = value[:_SHORT_BARS]
    return replace(answer, kind=SHORT, body=json.dumps(document, indent=4).encode())
