"""Many viewers of the dashboard in one process of their own: `viewers.py PORT COUNT FILE`.

Each opens a live stream and notes when bars arrive. A line on standard output says when all are
there; SIGTERM ends it, and FILE then holds [bar time, arrival on the machine's monotonic clock].
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from pathlib import Path

from scripts.benchmarking.sample import samples
from scripts.local_stack.servers.ports import HOST

WATCHED = 20
"""So many symbols are looked at, each by the same share of the viewers."""


async def _view(
    port: int, symbol: str, arrivals: list[tuple[float, float]], here: list[str]
) -> None:
    reader, writer = await asyncio.open_connection(HOST, port, limit=1 << 22)
    path = f"/api/stream?symbol={symbol}&interval=1min"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    name = b""
    while text := await reader.readline():
        if text.startswith(b"event: "):
            name = text[7:].strip()
            if name == b"status" and symbol:
                here.append(symbol)
                symbol = ""
        elif text.startswith(b"data: ") and name == b"bars":
            arrived = time.monotonic()
            rows = json.loads(text[6:])["rows"]
            arrivals += [(row[0], arrived) for row in rows]


async def _run(port: int, count: int, file: Path) -> None:
    symbols = [sample.symbol for sample in samples(WATCHED)]
    arrivals: list[tuple[float, float]] = []
    here: list[str] = []
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    tasks = [
        asyncio.create_task(_view(port, symbols[number % WATCHED], arrivals, here))
        for number in range(count)
    ]
    while len(here) < count:
        await asyncio.sleep(0.05)
    print(f"all {count} viewers are here", flush=True)
    await stopping.wait()
    for task in tasks:
        task.cancel()
    file.write_text(json.dumps(arrivals), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
