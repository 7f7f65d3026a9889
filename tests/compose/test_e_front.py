"""The dashboard under a name: TLS and a password for everybody, and every event as it comes."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from services.dashboard.auth_middleware import HEADERS
from tests.compose.stack import Stack
from tests.fixtures.live import wait_for

PROFILE = ("--profile", "front")
NAME = "localhost"
"""One that the stack's own certificate is for."""
SECONDS = 20
STREAM = "/api/stream?symbol=AAPL&interval=1min"


@pytest.fixture(scope="module")
def acme(stack: Stack) -> Path:
    """Return the folder in which certbot answers."""
    folder = stack.directory / "acme"
    (folder / ".well-known" / "acme-challenge").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def front(stack: Stack, acme: Path) -> Iterator[Stack]:
    """Put the front before the dashboard, which takes its settings for that; and take it away."""
    settings = {"DASHBOARD_DOMAIN": NAME, "TAPELINE_ACME": str(acme)}
    stack.compose(*PROFILE, "up", "--detach", "front", **settings)
    wanted = dict.fromkeys(("front", "dashboard"), "healthy").items()
    wait_for(lambda: wanted <= stack.health().items(), f"the front: {stack.health()}", 120)
    yield stack
    stack.compose(*PROFILE, "rm", "--force", "--stop", "front")
    stack.compose("up", "--detach", "dashboard")
    stack.wait_until_healthy(120)


def port(front: Stack, name: str = "FRONT_PUBLISHED") -> int:
    return int(front.variables[name].rpartition(":")[2])


def ask(front: Stack, path: str, password: str = "", **headers: str) -> requests.Response:
    """Ask as a browser would: name and chain are checked."""
    return requests.get(
        f"https://{NAME}:{port(front)}{path}",
        auth=("anybody", password) if password else None,
        headers=headers,
        verify=str(front.authority()),
        timeout=SECONDS,
        stream=path == STREAM,
    )


def test_who_knows_the_password_sees_the_dashboard(front: Stack) -> None:
    password = front.secret("dashboard_password")
    page = ask(front, "/", password)
    assert (page.status_code, "Tapeline" in page.text) == (200, True)
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert {name: page.headers[name] for name in HEADERS} == HEADERS
    series = ask(front, "/api/series", password)
    assert (series.status_code, "AAPL" in series.text) == (200, True)


def test_nobody_else_does(front: Stack) -> None:
    refused = ask(front, "/")
    assert refused.status_code == 401
    assert {name: refused.headers[name] for name in HEADERS} == HEADERS
    assert ask(front, "/api/series", "tapeline").status_code == 401
    direct = f"http://{front.variables['DASHBOARD_PUBLISHED']}/"
    assert requests.get(direct, timeout=SECONDS).status_code == 401


def test_without_tls_one_is_sent_to_the_name_and_to_nothing_else(front: Stack) -> None:
    plain = f"http://127.0.0.1:{port(front, 'FRONT_HTTP_PUBLISHED')}/data.html?x=1"
    for host in (NAME, f"{NAME}:80"):
        sent = requests.get(plain, headers={"Host": host}, timeout=SECONDS, allow_redirects=False)
        assert (sent.status_code, sent.headers["Location"]) == (
            308,
            f"https://{NAME}/data.html?x=1",
        )
        assert {name: sent.headers[name] for name in HEADERS} == HEADERS
    with pytest.raises(requests.ConnectionError):
        requests.get(plain, headers={"Host": "elsewhere.example.org"}, timeout=SECONDS)


@pytest.mark.parametrize("host", [NAME, "203.0.113.7"])
def test_the_authority_finds_what_certbot_laid_there(front: Stack, acme: Path, host: str) -> None:
    """By the name, and by the bare address, which a certificate may also be for."""
    (acme / ".well-known" / "acme-challenge" / "token").write_text("answer", encoding="utf-8")
    plain = f"http://127.0.0.1:{port(front, 'FRONT_HTTP_PUBLISHED')}/.well-known/acme-challenge"
    shown = requests.get(f"{plain}/token", headers={"Host": host}, timeout=SECONDS)
    assert (shown.status_code, shown.text) == (200, "answer")
    absent = requests.get(f"{plain}/other", headers={"Host": host}, timeout=SECONDS)
    assert absent.status_code == 404


def handshake(front: Stack, version: ssl.TLSVersion, name: str = NAME) -> str:
    """Return the version that was agreed on."""
    context = ssl.create_default_context(cafile=str(front.authority()))
    context.check_hostname = bool(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the version that must fail
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with (
        socket.create_connection(("127.0.0.1", port(front)), SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=name or None) as encrypted,
    ):
        return str(encrypted.version())


def test_tls_is_1_2_at_least(front: Stack) -> None:
    assert handshake(front, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert handshake(front, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    with pytest.raises(ssl.SSLError, match=r"(?i)alert[ _]protocol[ _]version"):
        handshake(front, ssl.TLSVersion.TLSv1_1)


def test_who_asks_for_no_name_gets_no_certificate(front: Stack) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized[ _]name"):
        handshake(front, ssl.TLSVersion.TLSv1_3, name="")


def test_events_come_through_as_they_happen(front: Stack) -> None:
    """A bar comes each few seconds; a front that waited for a full buffer would show none."""
    with ask(front, STREAM, front.secret("dashboard_password")) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = answer.iter_lines(chunk_size=1, decode_unicode=True)
        events = (line.partition(": ")[2] for line in lines if line.startswith("event: "))
        assert next(events) == "status"
        assert "bars" in (next(events) for _ in range(20))


def serial(front: Stack) -> str:
    """Return the number of the certificate that is served."""
    context = ssl.create_default_context(cafile=str(front.authority()))
    with (
        socket.create_connection(("127.0.0.1", port(front)), SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as encrypted,
    ):
        certificate = encrypted.getpeercert()
    assert certificate is not None
    return str(certificate["serialNumber"])


def started(front: Stack) -> dict[str, str]:
    return {one["Id"]: one["State"]["StartedAt"] for one in front.containers().values()}


def test_a_new_certificate_is_taken_and_nothing_starts_anew(front: Stack) -> None:
    before, containers = serial(front), started(front)
    front.compose("run", "--rm", "--no-deps", "-T", "secrets", "renew")
    wait_for(lambda: serial(front) != before, "the new certificate", 20)
    assert ask(front, "/", front.secret("dashboard_password")).status_code == 200
    assert started(front) == containers


def test_the_viewer_is_counted_and_not_what_he_says_of_himself(front: Stack) -> None:
    """The last one: for a minute the dashboard talks to this address no more.

    Both published ports are reached from this machine by the same address, so that the dashboard
    refuses it at its own port too: it was the viewer that it counted, and not the front.
    """
    password = front.secret("dashboard_password")
    direct = f"http://{front.variables['DASHBOARD_PUBLISHED']}/"
    login = ("anybody", password)
    assert requests.get(direct, auth=login, timeout=SECONDS).status_code == 200

    def refused() -> bool:
        # What was guessed counts less and less as time goes by: the guesses and both requests of
        # one round belong together.
        guesses = (
            ask(front, "/", "wrong", **{"X-Forwarded-For": f"198.51.100.{number}"}).status_code
            for number in range(25)
        )
        return (
            429 in guesses
            and ask(front, "/", password).status_code == 429
            and requests.get(direct, auth=login, timeout=SECONDS).status_code == 429
        )

    wait_for(refused, "the viewer is refused at both ports", 60)
