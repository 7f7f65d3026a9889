"""Classifies what the API answered: bars, or one of the envelopes that come with HTTP 200.

In: status, headers and body. Out: a verdict. Pure. A limit is told by the absence of data
first and by its wording second, because the wording changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from services.producer.series import DAY, Series

WORDING_CHARS: Final = 240


class Kind(StrEnum):
    """What an answer is; each has its own counter."""

    DATA = "data"
    BURST = "burst_limit"
    MINUTE = "minute_limit"
    DAILY = "daily_limit"
    PREMIUM = "premium_only"
    NOT_ENTITLED = "not_entitled"
    DEMO_KEY = "demo_key"
    BAD_CALL = "bad_call"
    BAD_FUNCTION = "bad_function"
    BAD_KEY = "bad_key"
    EMPTY = "empty_json"
    NOT_JSON = "not_json"
    MISMATCH = "other_series"
    UNKNOWN = "unknown_envelope"
    TOO_LARGE = "body_too_large"
    TOO_MANY = "http_429"
    CLIENT_ERROR = "http_4xx"
    SERVER_ERROR = "http_5xx"
    UNREACHABLE = "unreachable"
    BROKEN_OFF = "broken_off"
    TIMED_OUT = "timed_out"


PERMANENT: Final = frozenset(
    (Kind.PREMIUM, Kind.NOT_ENTITLED, Kind.DEMO_KEY, Kind.BAD_CALL, Kind.BAD_FUNCTION)
)
"""Answers that another call for the same series cannot change."""


@dataclass(frozen=True)
class Verdict:
    """The class of one answer. `bars` maps exchange time to fields where the kind is DATA.

    `wait_seconds` is what the answer itself asks to wait, if it does.
    """

    kind: Kind
    wording: str = ""
    wait_seconds: float | None = None
    bars: Mapping[str, Any] = field(default_factory=dict)
    zone: str = ""
    delayed: bool = False


# In this order: the burst text also names the daily limit, and the old minute text names both.
_INFORMATION: Final = (
    (Kind.BURST, r"spreading out your|burst pattern|\d+ requests? per second"),
    (Kind.MINUTE, r"minute-level|calls per minute|per minute"),
    (Kind.DAILY, r"requests? per day|calls per day|daily quota|daily rate limit"),
    (Kind.PREMIUM, r"premium endpoint|premium feature"),
    (Kind.NOT_ENTITLED, r"not (yet )?entitled"),
    (Kind.DEMO_KEY, r"\*\*demo\*\*|for demo purposes only"),
)
_ERROR_MESSAGE: Final = (
    (Kind.BAD_KEY, r"apikey is invalid or missing"),
    (Kind.BAD_FUNCTION, r"function .*does not exist"),
    (Kind.BAD_CALL, r"invalid api call"),
)


def classify(status: int, headers: Mapping[str, str], body: bytes, series: Series) -> Verdict:
    """Return the verdict on an answer to a call for `series`."""
    document = _decode(body)
    if status != 200:
        return _classify_status(status, headers, document)
    if document is None:
        return Verdict(Kind.NOT_JSON, _excerpt(body))
    if not isinstance(document, dict):
        return Verdict(Kind.UNKNOWN, _excerpt(body))
    data = _time_series(document)
    if data is not None:
        return _classify_data(document, *data, series)
    if not document:
        return Verdict(Kind.EMPTY)
    return _classify_words(document, body)


def _decode(body: bytes) -> Any:
    """Return the JSON document with every number as the text that was sent, or None."""
    try:
        return json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None


def _time_series(document: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    for name, value in document.items():
        if name.startswith("Time Series (") and isinstance(value, dict):
            return name, value
    return None


def _classify_data(
    document: dict[str, Any], name: str, bars: dict[str, Any], series: Series
) -> Verdict:
    meta = document.get("Meta Data")
    meta = meta if isinstance(meta, dict) else {}
    length = "Daily" if series.interval == DAY else series.interval
    symbol = str(meta.get("2. Symbol", series.symbol))
    if not name.startswith(f"Time Series ({length})") or symbol.upper() != series.symbol:
        return Verdict(Kind.MISMATCH, f"{name} of {symbol}"[:WORDING_CHARS])
    if not bars:
        return Verdict(Kind.EMPTY, f"{name} without a bar")
    zones = [str(value) for key, value in meta.items() if key.endswith("Time Zone")]
    zone = zones[0] if zones else "US/Eastern"
    return Verdict(Kind.DATA, bars=bars, zone=zone, delayed="DELAYED" in name.upper())


def _classify_words(document: dict[str, Any], body: bytes) -> Verdict:
    for key, patterns in (
        ("Error Message", _ERROR_MESSAGE),
        ("Information", _INFORMATION),
        ("Note", _INFORMATION),
        ("message", _INFORMATION),
    ):
        text = document.get(key)
        if isinstance(text, str):
            return Verdict(_match(text, patterns), text[:WORDING_CHARS])
    return Verdict(Kind.UNKNOWN, _excerpt(body))


def _match(text: str, patterns: tuple[tuple[Kind, str], ...]) -> Kind:
    for kind, pattern in patterns:
        if re.search(pattern, text, re.IGNORECASE):
            return kind
    return Kind.UNKNOWN


def _classify_status(status: int, headers: Mapping[str, str], document: Any) -> Verdict:
    message = document.get("message") if isinstance(document, dict) else None
    text = message[:WORDING_CHARS] if isinstance(message, str) else ""
    wording = f"HTTP {status} {text}".strip()
    if status == 429:
        kind = _match(text, _INFORMATION)
        kind = kind if kind in (Kind.MINUTE, Kind.DAILY, Kind.BURST) else Kind.TOO_MANY
        return Verdict(kind, wording, _wait_seconds(kind, headers))
    # Only RapidAPI answers a key that it does not know with a status of its own.
    if status in (401, 403) and re.search(r"api key|not subscribed", text, re.IGNORECASE):
        return Verdict(Kind.BAD_KEY, wording)
    return Verdict(Kind.SERVER_ERROR if status >= 500 else Kind.CLIENT_ERROR, wording)


def _wait_seconds(kind: Kind, headers: Mapping[str, str]) -> float | None:
    names = (
        ("retry-after", "x-ratelimit-requests-reset") if kind is Kind.DAILY else ("retry-after",)
    )
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    for name in names:
        if re.fullmatch(r"\d{1,7}", lower.get(name, "")):
            return float(lower[name])
    return None


def _excerpt(body: bytes) -> str:
    return " ".join(body[:WORDING_CHARS].decode("utf-8", "replace").split())
