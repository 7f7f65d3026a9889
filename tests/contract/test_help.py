"""Every command of scripts/ answers --help on a bare clone: nothing is installed for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from scripts.launcher.paths import ROOT

COMMANDS = sorted(
    path.name
    for path in (ROOT / "scripts").iterdir()
    if path.is_file() and os.access(path, os.X_OK)
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout that nobody has set up, and beside it a Python without any package."""
    folder = tmp_path_factory.mktemp("bare")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / "clone" / name)
    venv.create(folder / "python", with_pip=False)
    return folder / "clone"


def test_the_commands_are_found() -> None:
    assert {"bench", "chaos", "demo", "replay", "setup", "test"} <= {*COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_answers_before_any_set_up(clone: Path, command: str) -> None:
    before = {path.name for path in clone.iterdir()}
    done = subprocess.run(
        [clone / "scripts" / command, "--help"],
        cwd=clone,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(clone.parent),
            "PYTHON": str(clone.parent / "python" / "bin" / "python"),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: scripts/{command}")
    assert {path.name for path in clone.iterdir()} == before
