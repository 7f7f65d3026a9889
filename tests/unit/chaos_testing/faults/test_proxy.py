"""The proxy over real sockets: bytes pass, and each fault happens once and counts itself."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from scripts.chaos_testing.faults.proxy import Proxy

SECONDS = 20


class Echo(socketserver.BaseRequestHandler):
    """Sends back what it gets."""

    def handle(self) -> None:
        """Serve one connection."""
        with contextlib.suppress(OSError):
            while data := self.request.recv(4096):
                self.request.sendall(data)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Proxy("127.0.0.1", server.server_address[1]) as running:
            yield running
        server.shutdown()


@contextlib.contextmanager
def connected(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=SECONDS) as client:
        yield client


def said(client: socket.socket, text: bytes) -> bytes:
    client.sendall(text)
    answer = b""
    while len(answer) < len(text):
        part = client.recv(4096)
        if not part:
            break
        answer += part
    return answer


def is_gone(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def test_bytes_pass_unchanged(proxy: Proxy) -> None:
    text = bytes(range(256)) * 1000
    with connected(proxy) as client:
        assert said(client, text) == text


def test_a_connection_is_reset_after_so_many_bytes_and_only_once(proxy: Proxy) -> None:
    with connected(proxy) as client:
        assert said(client, b"x" * 100) == b"x" * 100
        proxy.reset_after(10)
        assert said(client, b"12345") == b"12345"
        client.sendall(b"67890")
        assert is_gone(client)
    assert proxy.resets == 1
    with connected(proxy) as client:
        assert said(client, b"x" * 100) == b"x" * 100
    assert proxy.resets == 1


def test_an_answer_is_lost_although_the_server_gave_it(proxy: Proxy) -> None:
    proxy.lose_answer_to(b"COMMIT")
    with connected(proxy) as client:
        assert said(client, b"BEGIN") == b"BEGIN"
        client.sendall(b"COMMIT")
        assert is_gone(client)
    assert proxy.lost_answers == 1
    with connected(proxy) as client:
        assert said(client, b"COMMIT") == b"COMMIT"


def test_held_bytes_pass_when_they_are_released(proxy: Proxy) -> None:
    with connected(proxy) as client:
        proxy.hold()
        client.sendall(b"late")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(4)
        client.settimeout(SECONDS)
        proxy.release()
        assert client.recv(4) == b"late"


def test_a_fault_that_has_not_happened_can_be_taken_back(proxy: Proxy) -> None:
    proxy.reset_after(1)
    proxy.lose_answer_to(b"a")
    proxy.heal()
    with connected(proxy) as client:
        assert said(client, b"a") == b"a"


def test_open_connections_can_be_cut(proxy: Proxy) -> None:
    with connected(proxy) as client:
        assert said(client, b"a") == b"a"
        proxy.cut()
        assert is_gone(client)
