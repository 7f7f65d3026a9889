"""Whether an engine of an earlier run is still there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.engine import is_served


def test_an_engine_runs_until_its_process_ends(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    assert not is_served(file)
    words = [sys.executable, "-c", "print(flush=True); input()", f"--pidfile={file}"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as engine:
        assert engine.stdout is not None
        engine.stdout.readline()
        file.write_text(f"{engine.pid}\n", encoding="ascii")
        assert is_served(file)
        engine.communicate(b"\n")
    assert not is_served(file)
    # Its number was given to somebody else.
    file.write_text(str(os.getpid()), encoding="ascii")
    assert not is_served(file)
