"""Calls the API over one pooled session and returns a verdict, never an exception.

Connecting, each read, the whole call and the body's size are bounded. The key enters the
request here and leaves no trace: texts that come back are redacted before they are returned.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from socket import SHUT_RDWR
from typing import Any, Final

import requests
import urllib3

from services.producer.alpha_vantage.classify import Kind, Verdict, classify, http_instant
from services.producer.alpha_vantage.query import parameters
from services.producer.alpha_vantage.source import Source, is_loopback
from services.producer.series import Series, Slice

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 20.0
TOTAL_SECONDS: Final = 60.0
BODY_BYTES: Final = 64 * 1024 * 1024
_PIECE_BYTES: Final = 64 * 1024


class Api:
    """The endpoint of `source`. `now` gives the UTC instant at which an answer arrived; `on_served`
    hears, on the calling thread, when the server says that it gave one."""

    def __init__(
        self,
        source: Source,
        parallel: int,
        now: Callable[[], datetime],
        total_seconds: float = TOTAL_SECONDS,
        body_bytes: int = BODY_BYTES,
        on_served: Callable[[datetime], None] = lambda _: None,
    ) -> None:
        self._source = source
        self._now = now
        self._on_served = on_served
        self._total_seconds = total_seconds
        self._body_bytes = body_bytes
        self._session = requests.Session()
        # A proxy from the environment must not stand between this host and itself.
        self._session.trust_env = not is_loopback(source.host)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(total_seconds, pool_maxsize=parallel))
        self._session.headers.update({"Accept": "application/json", "User-Agent": "tapeline"})
        if source.rapidapi:
            self._session.headers["X-RapidAPI-Host"] = source.host
            self._session.headers["X-RapidAPI-Key"] = source.key.reveal()

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def fetch(self, series: Series, part: Slice) -> tuple[Verdict, datetime]:
        """Return the verdict on one call and the UTC instant at which its answer had arrived."""
        verdict = self._call(series, part)
        wording = verdict.wording
        for secret in self._source.secrets():
            wording = secret.redact(wording)
        return replace(verdict, wording=wording), self._now()

    def _call(self, series: Series, part: Slice) -> Verdict:
        query = parameters(self._source, series, part)
        if not self._source.rapidapi:
            query["apikey"] = self._source.key.reveal()
        deadline = time.monotonic() + self._total_seconds
        try:
            with self._session.get(
                self._source.url,
                params=query,
                timeout=(min(CONNECT_SECONDS, self._total_seconds), READ_SECONDS),
                stream=True,
                allow_redirects=False,  # the key goes to no other host
            ) as response:
                self._tell_served(response)
                body = self._body(response, deadline)
                if body is None:
                    return Verdict(Kind.TOO_LARGE, f"more than {self._body_bytes} bytes")
                return classify(response.status_code, response.headers, body, series)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            # Only the error's type is told: its text holds the URL, and the URL the key.
            return _verdict_on(error, late=time.monotonic() >= deadline)

    def _tell_served(self, response: requests.Response) -> None:
        # What a cache gives has the date of when the cache got it.
        served_at = http_instant(response.headers.get("Date", ""))
        if served_at is not None and "Age" not in response.headers:
            self._on_served(served_at)

    def _body(self, response: requests.Response, deadline: float) -> bytes | None:
        body = bytearray()
        # read1 returns what has arrived, so that a slow drip meets the deadline.
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
            body += piece
            if len(body) > self._body_bytes:
                return None
            if time.monotonic() >= deadline:
                break
        if time.monotonic() >= deadline:
            # Also where the header was cut: it then looks like the end of an empty answer.
            raise requests.Timeout
        return bytes(body)


def _verdict_on(error: Exception, late: bool) -> Verdict:
    cause: Any = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    name = type(reason or error).__name__
    never_left = isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError) or (
        isinstance(reason, urllib3.exceptions.NewConnectionError)
    )
    if never_left:
        return Verdict(Kind.UNREACHABLE, name)
    timeouts = (requests.Timeout, urllib3.exceptions.TimeoutError)
    # A read timeout inside the body arrives wrapped in a ConnectionError.
    if late or isinstance(error, timeouts) or isinstance(reason, timeouts):
        return Verdict(Kind.TIMED_OUT, name)
    return Verdict(Kind.BROKEN_OFF, name)


@contextmanager
def _cut_after(seconds: float, connection: Any) -> Iterator[None]:
    """Shut the connection's socket down unless the block ends within `seconds`."""

    def cut() -> None:
        # The socket may just have been closed by its own side: then there is nothing to cut.
        with suppress(OSError, AttributeError):
            connection.sock.shutdown(SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _Adapter(requests.adapters.HTTPAdapter):
    """Bounds the wait for an answer's header: a socket time-out bounds only each single read."""

    def __init__(self, total_seconds: float, pool_maxsize: int) -> None:
        self._pools = _deadline_pools(total_seconds)
        super().__init__(pool_connections=1, pool_maxsize=pool_maxsize, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools


def _deadline_pools(seconds: float) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    class Http(urllib3.connection.HTTPConnection):
        def getresponse(self) -> urllib3.response.HTTPResponse:  # type: ignore[override]
            with _cut_after(seconds, self):
                return super().getresponse()

    class Https(urllib3.connection.HTTPSConnection):
        def getresponse(self) -> urllib3.response.HTTPResponse:  # type: ignore[override]
            with _cut_after(seconds, self):
                return super().getresponse()

    class HttpPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Https

    return {"http": HttpPool, "https": HttpsPool}
