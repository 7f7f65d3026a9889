"""Records answers of the simulator, and serves them under the names of many symbols.

An answer made anew costs more processor than the producer takes for it; one that was recorded costs
next to nothing, so that what is measured beside it is the producer.
"""

from __future__ import annotations

import asyncio
import re
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from scripts.local_stack.servers.ports import HOST

RECORDED = 20
"""So many symbols are recorded; others have the bars of one of them."""
_ASKED_FOR = re.compile(rb"[?&]symbol=(\w+)")
_QUERY = "function=TIME_SERIES_INTRADAY&outputsize=full&adjusted=false&extended_hours=true&apikey=x"


def name(number: int) -> str:
    """Return the name of a symbol, from 0 on."""
    return f"LOAD{number:05}"


def record(port: int, interval: str, folder: Path) -> None:
    """Keep what the simulator at a port answers for a month of each symbol."""
    folder.mkdir(exist_ok=True)
    for number in range(RECORDED):
        query = f"{_QUERY}&interval={interval}&symbol={name(number)}"
        with urllib.request.urlopen(f"http://{HOST}:{port}/query?{query}") as answer:
            (folder / f"{number:02}.json").write_bytes(answer.read())


def answer(path: bytes, recorded: Sequence[bytes]) -> bytes:
    """Return the HTTP answer to a call."""
    found = _ASKED_FOR.search(path)
    number = int(found[1].removeprefix(b"LOAD")) if found else 0
    of_other = recorded[number % len(recorded)]
    body = of_other.replace(name(number % len(recorded)).encode(), name(number).encode())
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class _Connection(asyncio.Protocol):
    def __init__(self, recorded: Sequence[bytes]) -> None:
        self._recorded = recorded
        self._read = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        *calls, self._read = (self._read + data).split(b"\r\n\r\n")
        for call in calls:
            if self._transport is not None:
                self._transport.write(answer(call.partition(b"\r\n")[0], self._recorded))


async def _serve(port: int, folder: Path) -> None:
    recorded = [file.read_bytes() for file in sorted(folder.iterdir())]
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(recorded), HOST, port
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
