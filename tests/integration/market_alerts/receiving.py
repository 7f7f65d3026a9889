"""A webhook's other end, which a test serves: it keeps what it was sent and fails as it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from scripts.local_stack.servers.ports import HOST

KEY = b"sixteen and more bytes of a key!"
SECRET = "whsec_" + base64.b64encode(KEY).decode()

Answer = Callable[[int], str]
"""What becomes of the n-th request: a status, `lose` (accepted, the answer is lost), `hang`, `drip`
(the answer comes a byte at a time, without end) or `close`."""


@dataclass
class Receiver:
    """What came to it: (message id, body) of all that it accepted, in order."""

    answer: Answer
    port: int = 0
    accepted: list[tuple[str, Any]] = field(default_factory=list)
    requests: int = 0
    forged: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/hook/secret-token"

    def ids(self) -> Counter[str]:
        """Return how often each message was accepted."""
        with self.lock:
            return Counter(message_id for message_id, _ in self.accepted)

    def told(self) -> list[tuple[str, str, str, str]]:
        """Return (type, rule, symbol, bar_time) of each message, once."""
        with self.lock:
            bodies = dict(self.accepted)
        return sorted(
            (body["type"], body["data"]["rule"], body["data"]["symbol"], body["data"]["bar_time"])
            for body in bodies.values()
        )


def _is_signed(headers: Any, body: bytes) -> bool:
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(headers.get("webhook-signature", ""), f"v1,{digest}")


class Server(ThreadingHTTPServer):
    """Hands requests on to a receiver."""

    daemon_threads = True

    def __init__(self, receiver: Receiver) -> None:
        super().__init__((HOST, 0), Handler)
        self.receiver = receiver
        receiver.port = self.server_address[1]

    def handle_error(self, *_: object) -> None:
        """A client that is killed is what the tests are about."""


class Handler(BaseHTTPRequestHandler):
    """Does with a request what the receiver's answer says."""

    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def do_POST(self) -> None:
        receiver = self.server.receiver
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:  # its sender was killed
            self.close_connection = True
            return
        with receiver.lock:
            receiver.requests += 1
            number = receiver.requests
            receiver.forged += not _is_signed(self.headers, body)
        fate = receiver.answer(number)
        if fate in {"200", "lose"}:
            with receiver.lock:
                receiver.accepted.append((self.headers["webhook-id"], json.loads(body)))
        if fate.isdigit():
            self._answer(int(fate), receiver)
            return
        self.close_connection = True
        if fate == "hang":
            receiver.released.wait(600)
        elif fate == "drip":
            self._drip(receiver)
        else:
            self.connection.close()

    def _answer(self, status: int, receiver: Receiver) -> None:
        self.send_response(status)
        self.send_header("location", receiver.url)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def _drip(self, receiver: Receiver) -> None:
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not receiver.released.wait(0.05):
                self.wfile.write(b"x: y\r\n")
        except OSError:
            return


@contextmanager
def receiving(answer: Answer = lambda _: "200") -> Iterator[Receiver]:
    """Serve a receiver on a free port."""
    receiver = Receiver(answer)
    server = Server(receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
