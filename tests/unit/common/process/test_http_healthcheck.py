"""Whether a page answers, as a container asks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from scripts.local_stack.servers.ports import free_ports

_CHECK = Path(__file__).parents[4] / "services" / "common" / "process" / "http_healthcheck.sh"


class Page(BaseHTTPRequestHandler):
    """Well at /healthy for who names the host, ill at /ill, elsewhere nothing."""

    def do_GET(self) -> None:
        well = self.path == "/healthy" and self.headers["Host"].startswith("127.0.0.1:")
        self.send_response(200 if well else 503 if self.path == "/ill" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def check(port: int, status: int, *paths: str) -> int:
    pages = [f"{port}{path}" for path in paths]
    return subprocess.run(
        [_CHECK, str(status), *pages], capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize(
    ("status", "paths", "code"),
    [
        (200, ["/healthy"], 0),
        (200, ["/ill"], 1),
        (200, ["/none"], 1),
        (404, ["/", "/none"], 0),
        (404, ["/none", "/healthy"], 1),
    ],
)
def test_pages_are_healthy_if_each_answers_with_the_status(
    port: int, status: int, paths: list[str], code: int
) -> None:
    assert check(port, status, *paths) == code


def test_where_nobody_listens_nothing_is_healthy() -> None:
    assert check(free_ports(1)[0], 200, "/healthy") == 1
