"""A TCP proxy that breaks connections on request: between the stream and its database.

Bytes go through unchanged until a fault is asked for; each fault counts itself when it has really
happened, so that a test can wait for it.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from types import TracebackType

_BYTES = 65536
_HOST = "127.0.0.1"
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no seconds: close sends a reset


class _Link:
    """One client's connection and the one to the server."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.sent_bytes = 0
        self.losing = False

    def reset(self) -> None:
        """End both connections abruptly."""
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Proxy:
    """Listens on `port` of the loopback interface and forwards to the upstream server."""

    def __init__(self, upstream_host: str, upstream_port: int) -> None:
        self._upstream = (upstream_host, upstream_port)
        self._listener = socket.create_server((_HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self.resets = 0
        """Connections that `reset_after` has reset."""
        self.lost_answers = 0
        """Answers that `lose_answer_to` has thrown away."""
        self._lock = threading.Lock()
        self._links: set[_Link] = set()
        self._reset_after_bytes: int | None = None
        self._lose_after: bytes | None = None
        self._open = threading.Event()
        self._open.set()

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def reset_after(self, client_bytes: int) -> None:
        """Reset the first connection over which the client sends so many bytes from now on."""
        with self._lock:
            self._reset_after_bytes = client_bytes
            for link in self._links:
                link.sent_bytes = 0

    def lose_answer_to(self, text: bytes) -> None:
        """Let the next client bytes with `text` through, drop the answer, reset the client."""
        with self._lock:
            self._lose_after = text

    def hold(self) -> None:
        """Let no byte through, in either direction, until `release`."""
        self._open.clear()

    def release(self) -> None:
        """End `hold`."""
        self._open.set()

    def heal(self) -> None:
        """Take back every fault that has not happened yet."""
        with self._lock:
            self._reset_after_bytes = self._lose_after = None
        self.release()

    def cut(self) -> None:
        """Reset every open connection."""
        with self._lock:
            links, self._links = self._links, set()
        for link in links:
            link.reset()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                link = _Link(client, socket.create_connection(self._upstream))
            except OSError:
                client.close()
                continue
            with self._lock:
                self._links.add(link)
            for pump in (self._to_server, self._to_client):
                threading.Thread(target=pump, args=(link,), name="pump", daemon=True).start()

    def _to_server(self, link: _Link) -> None:
        with contextlib.suppress(OSError):
            while data := link.client.recv(_BYTES):
                self._open.wait()
                if self._is_to_be_reset(link, len(data)):
                    break
                self._look_for_loss(link, data)
                link.server.sendall(data)
        self._drop(link)

    def _to_client(self, link: _Link) -> None:
        with contextlib.suppress(OSError):
            while data := link.server.recv(_BYTES):
                self._open.wait()
                if link.losing:
                    self.lost_answers += 1
                    break
                link.client.sendall(data)
        self._drop(link)

    def _is_to_be_reset(self, link: _Link, count: int) -> bool:
        with self._lock:
            link.sent_bytes += count
            if self._reset_after_bytes is None or link.sent_bytes < self._reset_after_bytes:
                return False
            self._reset_after_bytes = None
            self.resets += 1
            return True

    def _look_for_loss(self, link: _Link, data: bytes) -> None:
        with self._lock:
            if self._lose_after is not None and self._lose_after in data:
                self._lose_after = None
                link.losing = True

    def _drop(self, link: _Link) -> None:
        with self._lock:
            self._links.discard(link)
        link.reset()
