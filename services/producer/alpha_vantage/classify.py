"""Classifies what the API answered: bars, or one of the envelopes that come with HTTP 200.

In: status, headers and body. Out: a verdict. Pure. A limit is told by the absence of data
first and by its wording second, because the wording changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from services.producer.alpha_vantage.shapes import find_bars
from services.producer.series import ACTION_LISTS, QUOTES, Series

WORDING_CHARS: Final = 240
LONGEST_WAIT_SECONDS: Final = 86_400.0
"""An answer that asks to wait for longer is asked again after a day."""
_REDIRECTS: Final = (301, 302, 303, 307, 308)


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
    MOVED = "moved"
    CLIENT_ERROR = "http_4xx"
    SERVER_ERROR = "http_5xx"
    UNREACHABLE = "unreachable"
    BROKEN_OFF = "broken_off"
    TIMED_OUT = "timed_out"


REFUSALS: Final = frozenset(
    (Kind.PREMIUM, Kind.NOT_ENTITLED, Kind.DEMO_KEY, Kind.BAD_CALL, Kind.BAD_FUNCTION)
)
"""Answers that say that no such call can succeed. The vendor gives them in its outages, too."""

NO_ANSWERS: Final = frozenset(
    (Kind.SERVER_ERROR, Kind.UNREACHABLE, Kind.BROKEN_OFF, Kind.TIMED_OUT)
)
"""No word on the series at all: the API is away, or the way to it."""


@dataclass(frozen=True)
class Verdict:
    """The class of one answer. Where the kind is DATA, `bars` maps exchange time to fields, or
    `rows` lists corporate actions or quotes.

    `wait_seconds` is what the answer itself asks to wait, if it does.
    """

    kind: Kind
    wording: str = ""
    wait_seconds: float | None = None
    bars: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[Any] = ()
    zone: str = ""
    delayed: bool = False


# In this order: what is said of a bad key may name a limit, the burst text also names the daily
# limit, and the old minute text names both. Each may come under any of the names for words.
_WORDINGS: Final = (
    (
        Kind.BAD_KEY,
        r"api ?key\b.{0,40}\b(is|was) (invalid|missing|incorrect|not valid|inactive|expired)"
        r"|(invalid|missing|incorrect|inactive|expired) api ?key",
    ),
    (Kind.BURST, r"spreading out your|burst pattern|\d+ requests? per second"),
    (Kind.MINUTE, r"minute-level|calls per minute|per minute"),
    (Kind.DAILY, r"requests? per day|calls per day|daily quota|daily rate limit"),
    (Kind.PREMIUM, r"premium endpoint|premium feature"),
    (Kind.NOT_ENTITLED, r"not (yet )?entitled"),
    (Kind.DEMO_KEY, r"\*\*demo\*\*|for demo purposes only"),
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
    data = _data(document, series)
    if data is not None:
        return data
    return _classify_words(document, body) if document else Verdict(Kind.EMPTY)


def _data(document: dict[str, Any], series: Series) -> Verdict | None:
    """Return the verdict on a document that holds bars, corporate actions or quotes."""
    if series.interval in ACTION_LISTS:
        is_list = isinstance(document.get("data"), list)
        return _classify_actions(document, series) if is_list else None
    if series.interval == QUOTES:
        rows = document.get("data")
        delayed = "DELAYED" in str(document.get("endpoint")).upper()
        return Verdict(Kind.DATA, rows=rows, delayed=delayed) if isinstance(rows, list) else None
    found = find_bars(document, series)
    if found is None:
        return None
    if not found.is_asked_for:
        return Verdict(Kind.MISMATCH, found.title[:WORDING_CHARS])
    if not found.bars:
        return Verdict(Kind.EMPTY, f"{found.title} without a bar"[:WORDING_CHARS])
    delayed = "DELAYED" in found.title.upper()
    return Verdict(Kind.DATA, bars=found.bars, zone=found.zone, delayed=delayed)


def _decode(body: bytes) -> Any:
    """Return the JSON document with every number as the text that was sent, or None."""
    try:
        return json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None


def _classify_actions(document: dict[str, Any], series: Series) -> Verdict:
    symbol = str(document.get("symbol", series.symbol))
    if symbol.upper() != series.symbol:
        return Verdict(Kind.MISMATCH, f"{series.interval} of {symbol}"[:WORDING_CHARS])
    return Verdict(Kind.DATA, rows=document["data"])


def _classify_words(document: dict[str, Any], body: bytes) -> Verdict:
    for key in ("Error Message", "Information", "Note", "message"):
        text = document.get(key)
        if isinstance(text, str):
            return Verdict(_match(text), text[:WORDING_CHARS])
    return Verdict(Kind.UNKNOWN, _excerpt(body))


def _match(text: str) -> Kind:
    for kind, pattern in _WORDINGS:
        if re.search(pattern, text, re.IGNORECASE):
            return kind
    return Kind.UNKNOWN


def _classify_status(status: int, headers: Mapping[str, str], document: Any) -> Verdict:
    message = document.get("message") if isinstance(document, dict) else None
    text = message[:WORDING_CHARS] if isinstance(message, str) else ""
    wording = f"HTTP {status} {text}".strip()
    if status == 429:
        kind = _match(text)
        kind = kind if kind in (Kind.MINUTE, Kind.DAILY, Kind.BURST) else Kind.TOO_MANY
        return Verdict(kind, wording, _wait_seconds(kind, headers))
    if status in _REDIRECTS and (target := _target(_lower(headers).get("location", ""))):
        return Verdict(
            Kind.MOVED,
            f"HTTP {status} to {target}, which is not followed: the key "
            "goes to no other address than ALPHA_VANTAGE_URL",
        )
    # Only RapidAPI answers a key that it does not know with a status of its own.
    if status in (401, 403) and re.search(r"api key|not subscribed", text, re.IGNORECASE):
        return Verdict(Kind.BAD_KEY, wording)
    kind = Kind.SERVER_ERROR if status >= 500 else Kind.CLIENT_ERROR
    return Verdict(kind, wording, _wait_seconds(kind, headers))


def _target(location: str) -> str:
    """Return the address of a redirect, without the parameters, among which the key is."""
    try:
        parts = urlsplit(location)
        host = f"{parts.scheme or 'https'}://{parts.hostname}" if parts.hostname else ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return "".join(filter(str.isprintable, f"{host}{port}{parts.path}"))[:WORDING_CHARS]


def _wait_seconds(kind: Kind, headers: Mapping[str, str]) -> float | None:
    lower = _lower(headers)
    after = lower.get("retry-after", "")
    names = ("retry-after", "x-ratelimit-requests-reset")[: 2 if kind is Kind.DAILY else 1]
    for name in names:
        if re.fullmatch(r"\d{1,7}", lower.get(name, "")):
            return min(float(lower[name]), LONGEST_WAIT_SECONDS)
    until, now = http_instant(after), http_instant(lower.get("date", ""))
    if until is None or now is None:
        return None
    # By the server's own clock: this host's may be wrong.
    return min(max(0.0, (until - now).total_seconds()), LONGEST_WAIT_SECONDS)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value.strip() for name, value in headers.items()}


def http_instant(text: str) -> datetime | None:
    """Return the instant of an HTTP date, which is in UTC whatever it says."""
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except (ValueError, TypeError):
        return None


def _excerpt(body: bytes) -> str:
    return " ".join(body[:WORDING_CHARS].decode("utf-8", "replace").split())
