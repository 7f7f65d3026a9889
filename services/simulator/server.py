"""HTTP in, HTTP out: reads requests from sockets and sends answers, or breaks them on purpose."""

from __future__ import annotations

import ipaddress
import logging
import math
import socket
import struct
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from services.simulator.api.control import control
from services.simulator.api.dispatch import Dispatcher
from services.simulator.api.messages import Answer, Call

_LARGEST_BODY: Final = 64 * 1024
_DRIP_SECONDS: Final = 0.5
_HANG_SECONDS: Final = 60.0

_log = logging.getLogger("simulator")


class SimulatorServer(ThreadingHTTPServer):
    """Serves a desk on a port (0: any free one) until it is stopped.

    A hanging request, and a dripping answer as a whole, last `hang_seconds`.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(
        self,
        host: str,
        port: int,
        dispatcher: Dispatcher,
        hang_seconds: float = _HANG_SECONDS,
    ) -> None:
        self.dispatcher = dispatcher
        self.hang_seconds = hang_seconds
        self.stopping = threading.Event()
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"http://{self.server_name}:{self.server_port}/query"

    def server_bind(self) -> None:
        """Bind without the look-up of the host's full name, which may take long."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()[:2]

    def stop(self) -> None:
        """Take no more requests and let go of those that hang. Call from another thread."""
        self.stopping.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """A caller that went away is no event; anything else is a fault of ours."""
        error = sys.exception()
        if isinstance(error, ConnectionError | TimeoutError):
            _log.debug("a caller went away: %s", type(error).__name__)
        else:
            _log.error("a request failed", exc_info=error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "simulator"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one piece
    timeout = 120
    server: SimulatorServer

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/query":
            parameters = dict(reversed(parse_qsl(address.query, keep_blank_values=True)))
            call = Call(parameters, self.headers.get("X-RapidAPI-Key"))
            reply = self.server.dispatcher.take(call)
            _log.debug("%r: %s", call.function, reply.answer.kind)
            self._deliveries()[reply.delivery](reply.answer)
        else:
            self._control(address.path, b"")

    def do_PUT(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LARGEST_BODY:
            self.send_error(411 if not length else 413)
            self.close_connection = True
            return
        self._control(urlsplit(self.path).path, self.rfile.read(int(length)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
        """Say nothing: the request line holds the key."""

    def _control(self, path: str, body: bytes) -> None:
        local = ipaddress.ip_address(self.client_address[0]).is_loopback
        self._plain(control(self.server.dispatcher, self.command, path, body, local))

    def _deliveries(self) -> dict[str, Callable[[Answer], None]]:
        return {
            "plain": self._plain,
            "hang": self._hang,
            "drip": self._drip,
            "truncated": self._truncated,
            "reset": self._reset,
        }

    def _head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _plain(self, answer: Answer) -> None:
        self._head(answer)
        self.wfile.write(answer.body)

    def _hang(self, _: Answer) -> None:
        self.server.stopping.wait(self.server.hang_seconds)
        self.close_connection = True

    def _drip(self, answer: Answer) -> None:
        """Send the true answer in small pieces, each in time, all of them together too late."""
        self._head(answer)
        pieces = max(1, math.ceil(self.server.hang_seconds / _DRIP_SECONDS))
        size = max(1, math.ceil(len(answer.body) / pieces))
        pause = self.server.hang_seconds / pieces
        for start in range(0, len(answer.body), size):
            self.wfile.flush()
            if self.server.stopping.wait(pause):
                break
            self.wfile.write(answer.body[start : start + size])
        self.close_connection = True

    def _truncated(self, answer: Answer) -> None:
        self._head(answer)
        self.wfile.write(answer.body[: len(answer.body) // 2])
        self.close_connection = True

    def _reset(self, _: Answer) -> None:
        """Close so that the caller sees a reset connection rather than its end."""
        self.close_connection = True
        bare = socket.socket(fileno=self.connection.detach())
        bare.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        bare.close()
