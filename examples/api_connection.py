"""HTTP to the dashboard's API: addresses and a password in, answers out, faults as one line each.

The password is sent over TLS or to this machine only, and is in no message.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import ipaddress
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

USER: Final = "tapeline"
"""Any name will do."""
_LATER: Final = (429, 503)

Query = dict[str, Any]


class ApiError(Exception):
    """Why there is no answer and what to do, in one line."""


class BusyError(ApiError):
    """The server can answer later: after `seconds`, if it says when."""

    def __init__(self, told: str, seconds: float) -> None:
        super().__init__(told)
        self.seconds = seconds


class BrokenError(ApiError):
    """The connection broke before the answer had come whole."""


@dataclass(frozen=True)
class ApiConnection:
    """Where the dashboard is: its address, the password if it has one, and the certificate that
    says which servers are to be trusted besides those that this machine trusts."""

    url: str
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout_seconds: float = 60.0

    def __post_init__(self) -> None:
        """Refuse what would show the password to the network. Raises ApiError."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ApiError(f"{parts.hostname or self.url} is no address like http://127.0.0.1:8050")
        if self.password and parts.scheme == "http" and not _is_here(parts.hostname):
            raise ApiError(f"a password goes over TLS only: use https://{parts.hostname}")

    @contextlib.contextmanager
    def get(self, path: str, query: Query | None = None) -> Iterator[http.client.HTTPResponse]:
        """Ask for a path; yield the answer, of which nothing has been read. A list in the query
        is repeated.

        Raises ApiError, also in the block: BusyError if asking later helps, BrokenError if the
        connection ends too soon.
        """
        target = f"{path}?{urlencode(query, doseq=True)}" if query else path
        with self._faults_told(), contextlib.closing(self._connection()) as connection:
            connection.request("GET", target, headers=self._headers())
            answer = connection.getresponse()
            if answer.length is None and not answer.chunked:
                # http.client takes headers that broke off for whole ones.
                raise BrokenError(f"{self.url} gave an answer whose end cannot be told")
            if answer.status != 200:
                raise self._refusal(path, answer)
            yield answer

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        host = str(parts.hostname)
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, parts.port, timeout=self.timeout_seconds)
        trusted = ssl.create_default_context()
        if self.ca_file is not None:
            trusted.load_verify_locations(self.ca_file)
        return http.client.HTTPSConnection(
            host, parts.port, timeout=self.timeout_seconds, context=trusted
        )

    def _headers(self) -> dict[str, str]:
        if self.password is None:
            return {}
        login = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {login}"}

    @contextlib.contextmanager
    def _faults_told(self) -> Iterator[None]:
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise ApiError(
                f"the certificate of {self.url} is not trusted ({error.verify_message}); name the "
                "file of its authority in TAPELINE_CA_FILE"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise BrokenError(f"{self.url} gave no whole answer: {reason}; does it run?") from None

    def _refusal(self, path: str, answer: http.client.HTTPResponse) -> ApiError:
        told = _detail(answer.read())
        if answer.status in _LATER:
            return BusyError(f"{self.url}: {told}", float(answer.getheader("Retry-After") or 1))
        if answer.status == 401:
            what = "needs a password" if self.password is None else "refuses the password"
            return ApiError(f"{self.url} {what}; name its file in TAPELINE_PASSWORD_FILE")
        if 300 <= answer.status < 400:
            return ApiError(f"{self.url} has moved to {answer.getheader('Location')}; use that")
        if answer.status == 404 and told == "Not Found":
            return ApiError(f"{self.url} has no {path}: it is older than this client; upgrade it")
        return ApiError(f"{self.url}: {told} ({answer.status})")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _detail(body: bytes) -> str:
    """Return what a refusal says, in a line: a text, or a list of what is wrong with parameters."""
    try:
        detail = json.loads(body)["detail"]
    except (ValueError, KeyError, TypeError):
        detail = body[:200].decode("utf-8", "replace")
    if isinstance(detail, list):
        detail = "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in detail)
    return " ".join(str(detail).split())
