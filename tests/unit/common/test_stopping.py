"""Signals that set an event, however many come and whatever they interrupt."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys, threading
from services.common.stopping import stop_on_signals
stopping = stop_on_signals(lambda: print("then", flush=True))
number = getattr(signal, sys.argv[1])
def burst():
    for _ in range(500):
        os.kill(os.getpid(), number)
sender = threading.Thread(target=burst)
sender.start()
while sender.is_alive() or not stopping.is_set():
    stopping.wait(0.001)
print("stopped", flush=True)
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_burst_of_signals_stops_the_program_once(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, name],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.split()) == ["stopped", "then"]
