"""The peer with kafka-python as `pip install kafka-python` leaves it: checksums in Python."""

from __future__ import annotations

import importlib
import sys

if __name__ == "__main__":
    sys.modules["crc32c"] = None  # type: ignore[assignment]  # as if it were not installed
    importlib.import_module("scripts.benchmarking.peers.kafka_python").main(sys.argv[1:])
