"""A download waits for its reader, and ends with it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Generator, MutableMapping
from typing import Any

import pytest

from services.dashboard.connection_pool import DatabaseError
from services.dashboard.data_api.downloads import download
from services.dashboard.data_api.downloads.download import Download, DownloadResponse
from services.dashboard.data_api.downloads.stream_formats import Piece

Message = MutableMapping[str, Any]
LOG = logging.getLogger("test")


class Pieces:
    """Counts what was made; the generator's end is told."""

    def __init__(self, count: int, fault: Exception | None = None) -> None:
        self.count = count
        self.fault = fault
        self.made = 0
        self.closed = threading.Event()
        self.ended = threading.Event()

    def make(self) -> Generator[Piece]:
        """Yield pieces."""
        try:
            for number in range(self.count):
                self.made += 1
                yield Piece(bytes([number]), 1)
            if self.fault is not None:
                raise self.fault
        finally:
            self.closed.set()


async def answered(source: Pieces, read: int = 100, is_gone: bool = False) -> list[Message]:
    """Send to a reader who takes so many messages; return them."""
    taken: list[Message] = []

    async def send(message: Message) -> None:
        if len(taken) == read:
            await asyncio.Event().wait()
        taken.append(message)

    async def receive() -> Message:
        if not is_gone:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    one = Download(source.make, source.ended.set)
    first = await one.next()
    assert first is not None
    await DownloadResponse(one, first, "text/csv", {}, LOG)({"type": "http"}, receive, send)
    assert await asyncio.to_thread(source.ended.wait, 10)
    assert source.closed.is_set()
    return taken


def test_a_reader_who_reads_gets_all_and_the_end() -> None:
    taken = asyncio.run(answered(Pieces(5)))
    assert b"".join(one.get("body", b"") for one in taken) == bytes(range(5))
    assert taken[-1]["more_body"] is False
    assert "content-length" not in dict(taken[0]["headers"])


def test_a_reader_who_takes_nothing_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(download, "_SEND_SECONDS", 0.05)
    source = Pieces(100)
    taken = asyncio.run(answered(source, read=3))
    assert taken[-1]["more_body"] is True
    assert source.made <= 5
    assert caplog.messages == ["a download was cut off: its reader took too long"]


def test_a_reader_who_goes_ends_it() -> None:
    source = Pieces(100)
    taken = asyncio.run(answered(source, is_gone=True))
    assert taken[-1]["more_body"] is True
    assert source.made <= 5


def test_a_fault_of_the_database_leaves_it_without_an_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fault = DatabaseError("the database is away", "server closed the connection")
    taken = asyncio.run(answered(Pieces(3, fault)))
    assert [one.get("more_body") for one in taken] == [None, True, True, True]
    assert caplog.messages == ["a download was cut off: server closed the connection"]
