"""Stands in front of every request: too many, or without the password.

In come ASGI requests, out go those that may pass. What a browser may do stands in HEADERS, which
the server adds to every answer, also to those that it gives by itself.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import secrets
from typing import Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.common.secret import Secret

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
OPEN_PATH: Final = "/healthy"
"""The container's health check; it tells nothing."""

_WRONG_PASSWORDS: Final = RateLimitItemPerMinute(20)


class AuthMiddleware:
    """Bounds requests by the client's address, and asks for the password if there is one."""

    def __init__(self, app: ASGIApp, password: Secret, requests_a_minute: int) -> None:
        self._app = app
        self._password = password
        self._allowed = RateLimitItemPerMinute(requests_a_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the app answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def not_kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = await self._refusal(scope)
        await (refusal or self._app)(scope, receive, not_kept)

    async def _refusal(self, scope: Scope) -> Response | None:
        if scope["path"] == OPEN_PATH:
            return None
        client = counted(scope["client"][0] if scope.get("client") else "")
        if not await self._limiter.hit(self._allowed, "request", client):
            return _too_many("requests")
        if not self._password:
            return None
        if not await self._limiter.test(_WRONG_PASSWORDS, "password", client):
            return _too_many("wrong passwords")
        given = _given_password(Headers(scope=scope).get("authorization", ""))
        wanted = self._password.reveal().encode()
        if given is not None and secrets.compare_digest(given, wanted):
            return None
        if given is not None:
            await self._limiter.hit(_WRONG_PASSWORDS, "password", client)
        return JSONResponse(
            {"detail": "a password is needed; any user name will do"},
            401,
            {"WWW-Authenticate": 'Basic realm="Tapeline", charset="UTF-8"'},
        )


def counted(address: str) -> str:
    """Return as whom an address is counted: in IPv6 one person has a network of 2^64 of them."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    prefix = 64 if ip.version == 6 else 32
    return str(ipaddress.ip_network((ip, prefix), strict=False))


def _given_password(header: str) -> bytes | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded, validate=True).partition(b":")[2]
    except (ValueError, binascii.Error):
        return b""


def _too_many(what: str) -> Response:
    return JSONResponse({"detail": f"too many {what}; wait a minute"}, 429, {"Retry-After": "60"})
