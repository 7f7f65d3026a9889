"""What an answer of the API is: data, a limit, a refusal, an error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.producer.alpha_vantage.classify import Kind, Verdict, classify
from services.producer.series import Series
from tests.unit.producer.alpha_vantage.wordings import _PLANS, FIVE, INFORMATION, classified

DAILY = Series("AAPL", "1d")

OLD_MINUTE_NOTE = (
    "Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per minute and "
    f"500 calls per day. Please visit {_PLANS} if you would like to target a higher API call "
    "frequency."
)


@pytest.mark.parametrize("name", ["Information", "Error Message", "Note", "message"])
@pytest.mark.parametrize(
    "text",
    [
        "the parameter apikey is invalid or missing. Please claim your free API key",
        "Your API key is invalid. A free key has 25 requests per day.",
        "Invalid API key. Please consider spreading out your requests (1 request per second).",
        "This API key was expired on 2026-01-01.",
    ],
)
def test_a_bad_key_is_told_under_any_name(name: str, text: str) -> None:
    assert classified({name: text}) == Verdict(Kind.BAD_KEY, text)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"Retry-After": "30"}, 30.0, id="seconds"),
        pytest.param(
            {
                "retry-after": "Fri, 07 Nov 2025 01:02:00 GMT",
                "date": "Fri, 07 Nov 2025 01:00:30 GMT",
            },
            90.0,
            id="date",
        ),
        pytest.param(
            {
                "Retry-After": "Friday, 07-Nov-25 01:00:00 GMT",
                "Date": "Fri, 07 Nov 2025 01:00:30 GMT",
            },
            0.0,
            id="an-older-form-in-the-past",
        ),
        pytest.param(
            {
                "Retry-After": "Fri, 07 Nov 2036 01:02:00 GMT",
                "Date": "Fri, 07 Nov 2025 01:00:30 GMT",
            },
            86_400.0,
            id="years",
        ),
        pytest.param({"Retry-After": "9999999"}, 86_400.0, id="months"),
        pytest.param({"Retry-After": "Fri, 07 Nov 2025 01:02:00 GMT"}, None, id="no-clock"),
        pytest.param({"Retry-After": "soon", "Date": "never"}, None, id="no-date"),
        pytest.param({}, None, id="none"),
    ],
)
@pytest.mark.parametrize(("status", "kind"), [(429, Kind.TOO_MANY), (503, Kind.SERVER_ERROR)])
def test_an_answer_may_say_how_long_to_wait(
    status: int, kind: Kind, headers: dict[str, str], seconds: float | None
) -> None:
    verdict = classify(status, headers, b"", FIVE)
    assert (verdict.kind, verdict.wait_seconds) == (kind, seconds)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://new.example/query?apikey=K3Y&symbol=A", "https://new.example/query"),
        ("https://user:K3Y@new.example:8443/v2#K3Y", "https://new.example:8443/v2"),
        ("/v2/query?apikey=K3Y", "/v2/query"),
        ("//new.example/query", "https://new.example/query"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_names_its_target_without_the_key(
    status: int, location: str, target: str
) -> None:
    assert classify(status, {"Location": location}, b"", FIVE) == Verdict(
        Kind.MOVED,
        f"HTTP {status} to {target}, which is not followed: the key goes to no other address than "
        "ALPHA_VANTAGE_URL",
    )


@pytest.mark.parametrize("location", ["", "https://[::1", "https://new.example:port/"])
def test_a_redirect_without_a_target_is_an_error(location: str) -> None:
    assert classify(301, {"Location": location}, b"", FIVE) == Verdict(
        Kind.CLIENT_ERROR, "HTTP 301"
    )


def test_the_old_note_is_the_minute_limit_although_it_names_a_day() -> None:
    assert classified({"Note": OLD_MINUTE_NOTE}) == Verdict(Kind.MINUTE, OLD_MINUTE_NOTE[:240])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"", Kind.NOT_JSON, id="empty-body"),
        pytest.param(b"<html><body>Bad Gateway</body></html>", Kind.NOT_JSON, id="html"),
        pytest.param(b'{"Meta Data": {"1. Infor', Kind.NOT_JSON, id="truncated"),
        pytest.param(b"\xff\xfe\x00", Kind.NOT_JSON, id="no-text"),
        pytest.param(b"[" * 100_000, Kind.NOT_JSON, id="nested-too-deeply"),
        pytest.param(b"{}", Kind.EMPTY, id="empty-object"),
        pytest.param(b"[]", Kind.UNKNOWN, id="a-list"),
        pytest.param(b"null", Kind.NOT_JSON, id="null"),
        pytest.param(b'{"Meta Data": {"2. Symbol": "AAPL"}}', Kind.UNKNOWN, id="no-time-series"),
        pytest.param(b'{"Global Quote": {}}', Kind.UNKNOWN, id="a-quote"),
        pytest.param(b'{"Time Series (5min)": {}}', Kind.EMPTY, id="no-bar"),
        pytest.param(b'{"Time Series (5min)": []}', Kind.UNKNOWN, id="series-is-a-list"),
    ],
)
def test_what_holds_no_bars_is_no_data(body: bytes, kind: Kind) -> None:
    verdict = classify(200, {}, body, FIVE)
    assert (verdict.kind, dict(verdict.bars)) == (kind, {})


def _answer(symbol: str, name: str, zone_key: str = "6. Time Zone") -> dict[str, Any]:
    return {
        "Meta Data": {"2. Symbol": symbol, zone_key: "US/Eastern"},
        name: {"2025-11-06 19:55:00": {"1. open": "269.80"}},
    }


@pytest.mark.parametrize(
    ("series", "document", "delayed"),
    [
        pytest.param(FIVE, _answer("AAPL", "Time Series (5min)"), False, id="intraday"),
        pytest.param(DAILY, _answer("aapl", "Time Series (Daily)", "5. Time Zone"), False, id="1d"),
        pytest.param(
            FIVE,
            _answer("AAPL", "Time Series (5min) - DATA DELAYED BY 15 MINUTES"),
            True,
            id="delayed",
        ),
    ],
)
def test_a_time_series_is_data(series: Series, document: dict[str, Any], delayed: bool) -> None:
    bars = {"2025-11-06 19:55:00": {"1. open": "269.80"}}
    assert classified(document, series) == Verdict(
        Kind.DATA, bars=bars, zone="US/Eastern", delayed=delayed
    )


def test_data_counts_although_a_notice_stands_beside_it() -> None:
    document = {"Information": INFORMATION["daily"][1], **_answer("AAPL", "Time Series (5min)")}
    assert classified(document).kind is Kind.DATA


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(_answer("MSFT", "Time Series (5min)"), id="other-symbol"),
        pytest.param(_answer("AAPL", "Time Series (Daily)"), id="daily-for-intraday"),
        pytest.param(_answer("AAPL", "Time Series (15min)"), id="other-interval"),
    ],
)
def test_the_series_of_another_call_is_not_published(document: dict[str, Any]) -> None:
    assert classified(document).kind is Kind.MISMATCH


def test_numbers_stay_the_text_that_was_sent() -> None:
    body = b'{"Time Series (5min)": {"t": {"1. open": 1.10, "2. high": 1e400, "3. low": NaN}}}'
    bars = classify(200, {}, body, FIVE).bars
    assert bars == {"t": {"1. open": "1.10", "2. high": "1e400", "3. low": "NaN"}}


_PER_MINUTE = (
    "You have exceeded the rate limit per minute for your plan, BASIC, by the API provider"
)

_PER_DAY = (
    "You have exceeded the DAILY quota for Requests on your current plan, BASIC. Upgrade your "
    "plan at https://rapidapi.com"
)


@pytest.mark.parametrize(
    ("status", "headers", "message", "expected"),
    [
        pytest.param(
            429, {}, _PER_MINUTE, Verdict(Kind.MINUTE, f"HTTP 429 {_PER_MINUTE}"), id="minute"
        ),
        pytest.param(
            429,
            {"X-RateLimit-Requests-Reset": "3600"},
            _PER_DAY,
            Verdict(Kind.DAILY, f"HTTP 429 {_PER_DAY}", 3600.0),
            id="daily",
        ),
        pytest.param(
            429, {"Retry-After": "7"}, None, Verdict(Kind.TOO_MANY, "HTTP 429", 7.0), id="429"
        ),
        pytest.param(
            403,
            {},
            "You are not subscribed to this API.",
            Verdict(Kind.BAD_KEY, "HTTP 403 You are not subscribed to this API."),
            id="rapidapi-key",
        ),
        pytest.param(403, {}, None, Verdict(Kind.CLIENT_ERROR, "HTTP 403"), id="403"),
        pytest.param(302, {}, None, Verdict(Kind.CLIENT_ERROR, "HTTP 302"), id="redirect"),
        pytest.param(503, {}, None, Verdict(Kind.SERVER_ERROR, "HTTP 503"), id="503"),
    ],
)
def test_a_status_is_classified(
    status: int, headers: dict[str, str], message: str | None, expected: Verdict
) -> None:
    body = b"<html>" if message is None else json.dumps({"message": message}).encode()
    assert classify(status, headers, body, FIVE) == expected
