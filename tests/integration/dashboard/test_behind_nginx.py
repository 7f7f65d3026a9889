"""The dashboard behind a real nginx: the front's own settings, and those of any other proxy."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path

import httpx
import pytest

from scripts.launcher.paths import CHART_LIBRARY, ROOT
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.ports import HOST, free_ports
from scripts.local_stack.servers.processes import Child, Command
from services.dashboard.auth_middleware import HEADERS
from tests.fixtures.live import wait_for
from tests.fixtures.market import Market
from tests.integration.dashboard.api.test_stream import bar, events, rows_of
from tests.integration.dashboard.serving import Dashboard, serving, store

NGINX = "/usr/sbin/nginx"
PASSWORD = "correct horse"
NAME = "localhost"
OTHER_PROXY = """\
daemon off;
pid {folder}/nginx.pid;
events {{ }}
http {{
    access_log off;
    gzip on;
    gzip_types *;
    gzip_proxied any;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ listen {host}:{port}; location / {{ proxy_pass http://{host}:{dashboard}; }} }}
}}
"""


@contextmanager
def nginx(folder: Path, text: str, port: int) -> Iterator[Child]:
    """Run nginx with these settings."""
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    command = Command(
        name="nginx",
        arguments=[NGINX, "-e", "stderr", "-c", str(folder / "nginx.conf")],
        log=folder / "nginx.log",
        environment={},
    )
    child = processes.start(command)
    try:
        wait_for(lambda: answers(port), f"nginx: {(folder / 'nginx.log').read_text()}", 20)
        yield child
    finally:
        processes.stop([child], grace_seconds=10)


def answers(port: int) -> bool:
    try:
        httpx.get(f"http://{HOST}:{port}/", headers={"Host": NAME})
    except httpx.TransportError:
        return False
    return True


@pytest.fixture(scope="module")
def guarded(stored: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """Run a dashboard with a password, which believes a proxy at this machine."""
    folder = tmp_path_factory.mktemp("guarded")
    library = shutil.copytree(CHART_LIBRARY, folder / "library")
    own = {
        "PASSWORD": PASSWORD,
        "TRUSTED_PROXIES": HOST,
        "VIEWERS": "1",
        "LIBRARY_DIR": str(library),
    }
    with serving(
        stored, folder, **{f"DASHBOARD_{name}": value for name, value in own.items()}
    ) as one:
        yield one


@pytest.fixture(scope="module")
def front(
    guarded: Dashboard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, int]]:
    """Run the front before it, as its image does; return its ports, without TLS and with it."""
    folder = tmp_path_factory.mktemp("front")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={NAME}"]
    files = ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.crt")]
    subprocess.run([*made, *files], check=True, capture_output=True)
    plain, encrypted = free_ports(2)
    text = (ROOT / "services" / "front" / "nginx.conf").read_text("utf-8")
    for pattern, meant in (
        ("@DOMAIN@", NAME),
        ("/tmp/|/run/tapeline/", f"{folder}/"),  # noqa: S108 - of the image
        (r"listen 8080", f"listen {HOST}:{plain}"),
        (r"listen 8443", f"listen {HOST}:{encrypted}"),
        ("dashboard-web:8050", f"{HOST}:{guarded.port}"),
        # nginx before 1.25.1 has another word for it.
        (r"http2 on;", ""),
    ):
        text = re.sub(pattern, meant, text)
    with nginx(folder, text, plain):
        yield plain, encrypted


def ask(port: int, path: str, viewer: str = "127.0.0.9", **given: object) -> httpx.Response:
    """Ask the front with TLS, from an address of one's own."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    transport = httpx.HTTPTransport(verify=context, local_address=viewer)
    with httpx.Client(transport=transport, timeout=30) as client:
        return client.request("GET", f"https://{NAME}:{port}{path}", **given)  # type: ignore[arg-type]


def strict(answer: httpx.Response) -> int:
    """Return the status of an answer that says each header once."""
    found = {name: answer.headers.get_list(name) for name in HEADERS}
    assert found == {name: [value] for name, value in HEADERS.items()}, answer.url
    return answer.status_code


RIGHT = ("anybody", PASSWORD)
MALFORMED = {"X": "a\x01b"}


def test_every_answer_of_the_front_tells_what_a_browser_may_do(front: tuple[int, int]) -> None:
    plain, encrypted = front
    moved = httpx.get(f"http://{HOST}:{plain}/", headers={"Host": NAME})
    assert strict(moved) == 308
    assert "strict-transport-security" not in moved.headers
    absent = f"http://{HOST}:{plain}/.well-known/acme-challenge/x"
    assert strict(httpx.get(absent, headers={"Host": NAME})) == 404
    shown = ask(encrypted, "/", auth=RIGHT)
    assert strict(shown) == 200
    assert shown.headers.get_list("strict-transport-security") == ["max-age=31536000"]
    assert strict(ask(encrypted, "/")) == 401
    assert strict(ask(encrypted, "/nothing", auth=RIGHT)) == 404
    assert strict(ask(encrypted, "/" + "x" * 9000, auth=RIGHT)) == 414
    assert strict(httpx.get(f"http://{HOST}:{encrypted}/", headers={"Host": NAME})) == 400


def test_every_answer_of_the_dashboard_does(guarded: Dashboard) -> None:
    url = guarded.url
    for path, status in (("/style.css", 200), ("/api/series", 200), ("/nothing", 404)):
        assert strict(httpx.get(f"{url}{path}", auth=RIGHT)) == status
    assert strict(httpx.get(f"{url}/")) == 401
    assert strict(httpx.post(f"{url}/", auth=RIGHT)) == 405
    assert strict(httpx.get(f"{url}/api/bars?limit=0", auth=RIGHT)) == 422
    assert strict(httpx.get(f"{url}/", auth=RIGHT, headers={"Host": "elsewhere"})) == 400
    stream = f"{url}/api/stream?symbol=AAPL&interval=1min"
    with httpx.stream("GET", stream, auth=RIGHT) as open_one:
        assert strict(open_one) == 200
        assert strict(httpx.get(stream, auth=RIGHT)) == 503
    (guarded.directory / "library" / "LICENSE").unlink()
    assert strict(httpx.get(f"{url}/lightweight-charts-license.txt", auth=RIGHT)) == 500
    with socket.create_connection((HOST, guarded.port)) as connection:
        connection.sendall(b"?\r\n\r\n")
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 400
        assert {name: answer.getheader(name) for name in HEADERS} == HEADERS


def test_who_guesses_locks_out_nobody_else(front: tuple[int, int]) -> None:
    _, encrypted = front
    guesser, other = "127.0.0.21", "127.0.0.22"
    # It says that it was somebody else, each time another one, and once the other.
    said = [{"X-Forwarded-For": other}, *({"X-Forwarded-For": f"192.0.2.{n}"} for n in range(19))]
    codes = [
        ask(encrypted, "/", guesser, auth=("anybody", "wrong"), headers=one).status_code
        for one in said
    ]
    assert codes == [401] * 20
    locked = ask(encrypted, "/", guesser, auth=RIGHT, headers={"X-Forwarded-For": "192.0.2.99"})
    assert strict(locked) == 429
    assert ask(encrypted, "/", other, auth=RIGHT).status_code == 200


def test_no_proxy_keeps_an_event_back(dashboard: Dashboard, stored: Market, tmp_path: Path) -> None:
    """One that compresses waits for a full buffer unless the answer tells it otherwise."""
    (port,) = free_ports(1)
    text = OTHER_PROXY.format(folder=tmp_path, host=HOST, port=port, dashboard=dashboard.port)
    asked = {"symbol": "AAPL", "interval": "1min"}
    with (
        nginx(tmp_path, text, port),
        httpx.stream("GET", f"http://{HOST}:{port}/api/stream", params=asked, timeout=30) as answer,
    ):
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["content-encoding"] == "gzip"
        found = events(answer)
        begun = time.monotonic()
        assert next(found)[0] == "status"
        store(stored, [bar(50, 350.0)], with_indicators=False)
        rows_of(found, "bars", 50)
        # A buffer of compressed events takes minutes.
        assert time.monotonic() - begun < 8
