from __future__ import annotations

import gzip
import io
import json
import logging
import socket
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from urllib.parse import quote

import pytest

from services.common import logs
from services.common.secret import Secret
from services.producer.alpha_vantage.classify import Kind, Verdict
from services.producer.alpha_vantage.client import Api
from services.producer.alpha_vantage.source import Source
from services.producer.series import COMPACT, Series
from tests.unit.producer.fakes import Endpoint, Reply, document, endpoint, reply

KEY = "S3CR/ET+KEY=="
SERIES = Series("AAPL", "5min")
NOW = datetime(2025, 11, 7, 1, 0, tzinfo=UTC)
SEVEN = timedelta(seconds=7)
GOOD = json.dumps(document(SERIES, {"2025-11-06 19:55:00": ("1", "2", "0.5", "1.5", "9")})).encode()


def _source(url: str) -> Source:
    return Source(
        url=url,
        key=Secret(KEY),
        rapidapi=False,
        simulated=False,
        entitlement="none",
        extended_hours=True,
        adjusted=True,
    )


def _fetch(url: str, total_seconds: float = 20.0, body_bytes: int = 1_000_000) -> Verdict:
    api = Api(_source(url), 2, lambda: NOW, total_seconds, body_bytes)
    try:
        verdict, arrived_at = api.fetch(SERIES, COMPACT)
    finally:
        api.close()
    assert arrived_at == NOW
    return verdict


def _reset(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
    )
    handler.close_connection = True
    handler.connection.close()


def _truncate(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(GOOD)))
    handler.end_headers()
    handler.wfile.write(GOOD[:50])
    handler.wfile.flush()
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def _drip_body(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    _drip(handler)


def _drip_header(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _drip(handler)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.settimeout(0.05)
    try:
        while True:
            handler.wfile.write(b"x")
            try:
                if handler.connection.recv(1) == b"":
                    return
            except TimeoutError:
                continue
    except OSError:
        return


def test_one_connection_serves_many_calls() -> None:
    with endpoint(reply(GOOD)) as served:
        api = Api(_source(served.url), 2, lambda: NOW)
        kinds = [api.fetch(SERIES, COMPACT)[0].kind for _ in range(3)]
        api.close()
    assert (kinds, len(served.connections)) == ([Kind.DATA] * 3, 1)
    assert served.requests[0][0]["apikey"] == KEY


def test_an_ampersand_in_a_symbol_reaches_the_vendor() -> None:
    series = Series("M&M.BSE", "5min")
    with endpoint(reply(b"{}")) as served:
        api = Api(_source(served.url), 2, lambda: NOW)
        api.fetch(series, COMPACT)
        api.close()
    assert served.requests[0][0]["symbol"] == "M&M.BSE"


def test_rapidapi_carries_the_key_in_a_header() -> None:
    with endpoint(reply(GOOD)) as served:
        api = Api(replace(_source(served.url), rapidapi=True), 2, lambda: NOW)
        assert api.fetch(SERIES, COMPACT)[0].kind is Kind.DATA
        api.close()
    query, headers = served.requests[0]
    assert "apikey" not in query
    assert (headers["X-RapidAPI-Key"], headers["X-RapidAPI-Host"]) == (KEY, "127.0.0.1")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(reply(b"<html>"), Verdict(Kind.NOT_JSON, "<html>"), id="html"),
        pytest.param(reply(b""), Verdict(Kind.NOT_JSON), id="empty"),
        pytest.param(reply(b"x", 500), Verdict(Kind.SERVER_ERROR, "HTTP 500"), id="500"),
        pytest.param(
            reply(b"", 302, {"Location": "http://example.invalid/"}),
            Verdict(
                Kind.MOVED,
                "HTTP 302 to http://example.invalid/, which is not followed: the key goes to no "
                "other address than ALPHA_VANTAGE_URL",
            ),
            id="redirect",
        ),
        pytest.param(_truncate, Verdict(Kind.BROKEN_OFF, "ProtocolError"), id="truncated"),
        pytest.param(
            reply(b" " * 1_000_001),
            Verdict(Kind.TOO_LARGE, "more than 1000000 bytes"),
            id="too-large",
        ),
        pytest.param(
            reply(gzip.compress(b" " * 50_000_000), 200, {"Content-Encoding": "gzip"}),
            Verdict(Kind.TOO_LARGE, "more than 1000000 bytes"),
            id="decompression-bomb",
        ),
    ],
)
def test_what_is_no_data_is_a_verdict(answer: Reply, expected: Verdict) -> None:
    with endpoint(answer) as served:
        assert _fetch(served.url) == expected


def test_a_reset_connection_is_broken_off() -> None:
    with endpoint(_reset) as served:
        assert _fetch(served.url).kind is Kind.BROKEN_OFF


@pytest.mark.parametrize("answer", [_drip_body, _drip_header], ids=["body", "header"])
def test_a_slow_drip_meets_the_deadline(answer: Reply) -> None:
    with endpoint(answer) as served:
        assert _fetch(served.url, total_seconds=0.4).kind is Kind.TIMED_OUT


def test_nobody_listening_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/query"
        assert _fetch(url) == Verdict(Kind.UNREACHABLE, "NewConnectionError")


def test_bad_tls_is_unreachable() -> None:
    with endpoint(reply(GOOD)) as served:
        verdict = _fetch(served.url.replace("http://", "https://"))
    assert verdict == Verdict(Kind.UNREACHABLE, "SSLError")


@pytest.mark.parametrize(
    ("headers", "heard"),
    [
        pytest.param({"Date": "Fri, 07 Nov 2025 01:00:07 GMT"}, [NOW + SEVEN], id="a date"),
        pytest.param({"Date": "Fri, 07 Nov 2025 01:00:07 GMT", "Age": "90"}, [], id="of a cache"),
        pytest.param({"Date": "yesterday"}, [], id="no date"),
    ],
)
def test_the_clock_of_the_server_is_heard(headers: dict[str, str], heard: list[datetime]) -> None:
    told: list[datetime] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(200)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with endpoint(answer) as served:
        api = Api(_source(served.url), 2, lambda: NOW, on_served=told.append)
        api.fetch(SERIES, COMPACT)
        api.close()
    assert told == heard


def _echo(served: Endpoint) -> Reply:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        key = served.requests[-1][0]["apikey"]
        text = f"We have detected your API key as {key} ({quote(key, '')}) and our limit is 25"
        reply(json.dumps({"Information": text}).encode())(handler)

    return answer


def test_an_echoed_key_is_redacted() -> None:
    with endpoint(reply(b"")) as served:
        served.answer = _echo(served)
        wording = _fetch(served.url).wording
    assert wording == "We have detected your API key as *** (***) and our limit is 25"


@pytest.mark.parametrize(
    "answer",
    [_reset, _truncate, reply(b"<html>"), reply(b"", 500), _drip_body],
    ids=["reset", "truncated", "html", "500", "drip"],
)
def test_the_key_reaches_no_log(
    answer: Reply, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    with endpoint(answer) as served:
        log = logs.configure("producer", "DEBUG", secrets=_source(served.url).secrets())
        logging.getLogger("urllib3").setLevel(logging.DEBUG)
        log.info("%r", _source(served.url))
        log.info("%r", _fetch(served.url, total_seconds=0.4))
        try:
            raise RuntimeError(f"{served.url}?apikey={quote(KEY, '')} {KEY}")
        except RuntimeError:
            log.exception("a fault that carries the address")
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    captured = capsys.readouterr()
    said = captured.out + captured.err
    assert "apikey=***" in said
    assert KEY not in said
    assert quote(KEY, "") not in said


def test_no_exception_leaves_with_the_key_in_it() -> None:
    out = io.StringIO()
    try:
        assert _fetch("http://name.invalid/query").kind is Kind.UNREACHABLE
    except Exception:  # noqa: BLE001 - the test is about any
        traceback.print_exc(file=out)
    assert out.getvalue() == ""
