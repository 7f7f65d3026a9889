"""Signals that set an event, however many come and whatever they interrupt."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys, threading
from services.common.process.stopping import stop_on_signals
told = threading.Event()
calls = []
stopping = stop_on_signals(lambda: (calls.append(stopping.is_set()), told.set()))
number = getattr(signal, sys.argv[1])
def burst():
    for _ in range(500):
        os.kill(os.getpid(), number)
sender = threading.Thread(target=burst)
sender.start()
while sender.is_alive() or not told.is_set():
    stopping.wait(0.001)
print(calls)
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

    assert (done.returncode, done.stdout, done.stderr) == (0, "[True]\n", "")
