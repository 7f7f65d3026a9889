"""Sends messages to a webhook: HTTP, over a connection that is kept open between them.

The standard library's client follows no redirect, uses no proxy and retries nothing by itself.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from threading import Timer
from typing import Final
from urllib.parse import urlsplit

from services.alerts.rules.model import WebhookReceiver
from services.alerts.sending.addresses import RefusedAddressError, guarded
from services.alerts.sending.errors import SendError
from services.alerts.sending.signature import headers

_ANSWER_BYTES: Final = 65_536
_OF_THE_MESSAGE: Final = frozenset({400, 413, 422})
"""Statuses by which a receiver refuses one message, and perhaps no other."""


class WebhookSender:
    """For one thread."""

    def __init__(self, receiver: WebhookReceiver, timeout_seconds: float) -> None:
        self._receiver = receiver
        self._timeout = timeout_seconds
        url = urlsplit(receiver.url.reveal())
        self._host = url.hostname or ""
        self._port = url.port
        self._is_tls = url.scheme == "https"
        self._target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self._tls = ssl.create_default_context() if self._is_tls else None
        self._connection: http.client.HTTPConnection | None = None

    def send(self, message_id: str, body: str) -> None:
        """Send a message. Raises SendError."""
        was_open = self._connection is not None
        try:
            self._try(message_id, body.encode())
        except (http.client.RemoteDisconnected, ConnectionError):
            self.close()
            if not was_open:
                raise SendError("the receiver broke the connection off", is_away=True) from None
            # It had been left open, and the receiver has closed it meanwhile.
            with self._told():
                self._try(message_id, body.encode())

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (http.client.RemoteDisconnected, ConnectionError):
            self.close()
            raise SendError("the receiver broke the connection off", is_away=True) from None

    def _try(self, message_id: str, body: bytes) -> None:
        fields = {
            "content-type": "application/json",
            "user-agent": "tapeline-alerts",
            **headers(message_id, int(time.time()), body, self._receiver.signing_key),
        }
        try:
            with guarded(allow_private=self._receiver.allow_private), self._deadline():
                status = self._exchange(body, fields)
        except RefusedAddressError as error:
            self.close()
            raise SendError(f"not sent: {error}", is_away=True) from None
        except TimeoutError:
            self.close()
            raise SendError(f"no answer within {self._timeout:g} s", is_away=True) from None
        except ssl.SSLError as error:
            self.close()
            raise SendError(f"TLS failed: {error.reason or 'no reason'}", is_away=True) from None
        except ConnectionRefusedError:
            self.close()
            raise SendError("the connection was refused", is_away=True) from None
        except (http.client.RemoteDisconnected, ConnectionError):
            raise
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise SendError(f"it failed: {type(error).__name__}", is_away=True) from None
        if 300 <= status < 400:
            raise SendError(
                f"the receiver answered {status}, a redirect, which is not followed", is_away=True
            )
        if not 200 <= status < 300:
            raise SendError(
                f"the receiver answered {status}", is_away=status not in _OF_THE_MESSAGE
            )

    def _exchange(self, body: bytes, fields: dict[str, str]) -> int:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.request("POST", self._target, body, fields)
        answer = self._connection.getresponse()
        status = answer.status
        answer.read(_ANSWER_BYTES)
        if not answer.isclosed():
            self.close()
        return status

    def _connect(self) -> http.client.HTTPConnection:
        if self._tls is None:
            made = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        else:
            made = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=self._tls
            )
        made.connect()
        return made

    @contextlib.contextmanager
    def _deadline(self) -> Iterator[None]:
        """Break off what lasts too long as a whole, though each byte of it comes in time."""
        begun = time.monotonic()
        timer = Timer(self._timeout, self._break_off)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() - begun >= self._timeout:
                raise TimeoutError from error
            raise
        else:
            # An answer that was broken off looks like one that has ended.
            if time.monotonic() - begun >= self._timeout:
                raise TimeoutError
        finally:
            timer.cancel()

    def _break_off(self) -> None:
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
