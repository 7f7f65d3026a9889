"""A webhook's other end in a process of its own: `webhook_receiver.py PORT FILE`.

It takes every message and notes when it came. A line on standard output says when it listens;
SIGTERM ends it, and FILE then holds [symbol, bar time, arrival on the machine's monotonic clock].
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from scripts.local_stack.servers.ports import HOST

ARRIVALS: list[tuple[str, str, float]] = []


class Handler(BaseHTTPRequestHandler):
    """Says that it has a message."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        arrived = time.monotonic()
        self.send_response(204)
        self.end_headers()
        data = json.loads(body)["data"]
        ARRIVALS.append((data["symbol"], data["bar_time"], arrived))

    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""


def main(port: int, file: Path) -> None:
    """Listen until SIGTERM."""
    server = ThreadingHTTPServer((HOST, port), Handler)
    server.daemon_threads = True
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start()
    )
    print("listening", flush=True)
    server.serve_forever(0.05)
    file.write_text(json.dumps(list(ARRIVALS)), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
