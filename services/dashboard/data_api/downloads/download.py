"""Answers without pages on their way to those who asked: pieces made in a thread in, bytes out.

The thread makes the next piece while the viewer reads the last one, and waits with it; the event
loop waits for nobody. Who takes nothing for a while, or is not done before the snapshot has to go,
is cut off: the connection closes without the end of the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.dashboard.connection_pool import DatabaseError
from services.dashboard.data_api.downloads.stream_formats import Piece

_SEND_BYTES: Final = 256 * 1024
_SEND_SECONDS: Final = 20.0
_LONGEST_SECONDS: Final = 280.0  # a transaction may last 300


class Download:
    """Makes pieces in a thread of its own, one ahead; `ended` is called by it at its end."""

    def __init__(self, make: Callable[[], Generator[Piece]], ended: Callable[[], None]) -> None:
        self._make = make
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._made: asyncio.Queue[Piece | BaseException | None] = asyncio.Queue()
        self._room = threading.Semaphore(1)
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="download", daemon=True).start()

    async def next(self) -> Piece | None:
        """Return the next piece; None after the last. Raises what making it raised."""
        made = await self._made.get()
        self._room.release()
        if isinstance(made, BaseException):
            raise made
        return made

    def stop(self) -> None:
        """Let the thread end, soon."""
        self._stopped.set()
        self._room.release()

    def _run(self) -> None:
        try:
            with contextlib.closing(self._make()) as pieces:
                for piece in pieces:
                    if not self._hand_over(piece):
                        return
            self._hand_over(None)
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            self._hand_over(error)
        finally:
            self._ended()

    def _hand_over(self, made: Piece | BaseException | None) -> bool:
        self._room.acquire()
        if self._stopped.is_set():
            return False
        self._loop.call_soon_threadsafe(self._made.put_nowait, made)
        return True


class DownloadResponse(Response):
    """Sends a download, whose first piece is there."""

    def __init__(
        self,
        download: Download,
        first: Piece,
        media_type: str,
        headers: Mapping[str, str],
        log: logging.Logger,
    ) -> None:
        super().__init__(media_type=media_type, headers=headers)
        del self.headers["Content-Length"]
        self._download = download
        self._first = first
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it."""
        gone = asyncio.create_task(_until_gone(receive))
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                await self._send(gone, send)
        except TimeoutError:
            self._log.warning("a download was cut off: its reader took too long")
        except DatabaseError as error:
            self._log.warning("a download was cut off: %s", error.detail)
        finally:
            gone.cancel()
            self._download.stop()

    async def _send(self, gone: asyncio.Task[None], send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for content in self._contents():
            for place in range(0, len(content), _SEND_BYTES):
                body = content[place : place + _SEND_BYTES]
                async with asyncio.timeout(_SEND_SECONDS):
                    await send({"type": "http.response.body", "body": body, "more_body": True})
                if gone.done():
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _contents(self) -> AsyncIterator[bytes]:
        piece: Piece | None = self._first
        while piece is not None:
            yield piece.content
            piece = await self._download.next()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
