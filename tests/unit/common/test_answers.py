"""Whether a page answers, as a container asks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from scripts.local_stack.servers.ports import free_ports

_CHECK = Path(__file__).parents[3] / "services" / "common" / "answers"


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


def check(port: int, path: str) -> int:
    return subprocess.run([_CHECK, str(port), path], capture_output=True, check=False).returncode


@pytest.mark.parametrize(("path", "code"), [("/healthy", 0), ("/ill", 1), ("/none", 1)])
def test_a_page_is_healthy_if_it_answers_with_200(port: int, path: str, code: int) -> None:
    assert check(port, path) == code


def test_where_nobody_listens_nothing_is_healthy() -> None:
    assert check(free_ports(1)[0], "/healthy") == 1
