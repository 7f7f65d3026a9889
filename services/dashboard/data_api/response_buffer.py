"""Pages on their way to those who asked: bodies in, answers out, bounded in bytes and in time.

A page is complete before the first byte of it is sent, so that its reader, however slow, holds up
nobody who waits for the database; what is kept for slow readers is bounded here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.dashboard.data_api.formats import Body

MOST_BYTES: Final = 32 * 2**20
"""Of pages that are kept; one of fifty thousand bars has three million, packed."""
_SEND_SECONDS: Final = 120.0


class ResponseBuffer:
    """Counts the bytes that are kept."""

    def __init__(self) -> None:
        self._bytes = 0

    def require_room(self) -> None:
        """Refuse to make one more page while too many are kept for slow readers."""
        if self._bytes > MOST_BYTES:
            raise HTTPException(
                503, "many pages are on their way to slow readers; try again", {"Retry-After": "5"}
            )

    def answer(self, body: Body, media_type: str, headers: Mapping[str, str]) -> Response:
        """Return the answer that sends a page; it is kept until then."""
        return _Page(self, body, media_type, headers)

    def keep(self, size: int) -> None:
        """Count bytes, or with a negative size forget them."""
        self._bytes += size


class _Page(Response):
    """Sends a page in pieces; who has not taken it after two minutes is cut off."""

    def __init__(
        self, kept: ResponseBuffer, page: Body, media_type: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(media_type=media_type, headers=headers)
        self._kept = kept
        self._page = page
        kept.keep(len(page.content))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it."""
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await self._send(Headers(scope=scope), send)
        finally:
            self._kept.keep(-len(self._page.content))

    async def _send(self, asked: Headers, send: Send) -> None:
        page, unpack = self._page, "gzip" not in asked.get("accept-encoding", "")
        as_kept = page.packed and not unpack
        self.headers["Content-Length"] = str(len(page.content) if as_kept else page.length)
        if page.packed:
            self.headers["Vary"] = "Accept-Encoding"
        if as_kept:
            self.headers["Content-Encoding"] = "gzip"
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        for piece in page.pieces(unpack):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
