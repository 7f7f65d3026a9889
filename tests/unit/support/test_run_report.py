"""What a run says of its time, over tests that a run of its own has."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from scripts.launcher.paths import ROOT

_CONFTEST = """
from tests.support import run_report


def pytest_configure(config):
    run_report.register(config)
"""


def said(folder: Path, *options: str) -> list[str]:
    """Run what is in the folder; return the report without its figures."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    _, _, report = done.stdout.partition(" where the time went ")
    lines = [re.sub(r"\d+(\.\d+)?", "N", line).strip() for line in report.splitlines()[1:-1]]
    return [line for line in lines if line]


def test_it_names_each_process_and_the_slowest_files_once(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(_CONFTEST, "utf-8")
    for name, seconds in (("slow", 0.2), ("quick", 0.0)):
        (tmp_path / name).mkdir()
        # With a file of its own, pytest calls those hooks that concern the folder alone.
        (tmp_path / name / "conftest.py").write_text("def pytest_ignore_collect(): ...\n", "utf-8")
        text = f"import time\n\n\ndef test_one():\n    time.sleep({seconds})\n"
        (tmp_path / name / f"test_{name}.py").write_text(text, "utf-8")
    limits = (f"--rootdir={tmp_path}", f"--confcutdir={tmp_path}")
    confined = (*limits, "--import-mode=importlib")

    alone = said(tmp_path, *confined)

    assert alone == [
        "N processors, N % busy; at most N MiB in use",
        "the only process: N s in tests, the last one ended at N s in slow/test_slow.py",
        "N s slow/test_slow.py",
        "N s quick/test_quick.py",
    ]
    both = said(tmp_path, *confined, "-p", "xdist", "-n", "2", "--dist", "loadfile")
    assert sorted(line.partition(":")[0] for line in both[1:3]) == ["gwN", "gwN"]
    assert both[3:] == alone[2:]
    assert said(tmp_path, *confined, "--collect-only") == []
