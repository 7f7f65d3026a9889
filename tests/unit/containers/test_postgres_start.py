"""Which cluster the database's container serves, and which it refuses to begin anew."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from scripts.launcher.paths import ROOT

START = ROOT / "services" / "postgres" / "entrypoint.sh"
PROGRAMS = {
    "postgres": '[ "$1" = --version ] && echo "postgres (PostgreSQL) $MAJOR.6 (Debian)" '
    '|| echo "serves $2"',
    "initdb": 'mkdir "$2" && echo "$MAJOR" > "$2/PG_VERSION"',
    **dict.fromkeys(("access", "../common/process/run_on_file_change.sh", "guard"), ":"),
}


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Return a new volume; beside it lie the script and programs that stand in for the server's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    made = tmp_path / "volume"
    made.mkdir()
    text = START.read_text("utf-8")
    assert text.count("/var/lib/postgresql\n") == 1
    text = re.sub(r" /tmp\b", f" {tmp_path}", text)
    text = text.replace("/var/lib/postgresql\n", f"{made}\n")
    programs = {name: f"#!/bin/sh\n{line}\n" for name, line in PROGRAMS.items()}
    (tmp_path / "common" / "process").mkdir(parents=True)
    scripts = {"entrypoint.sh": text, **programs}
    for name, script in scripts.items():
        (folder / name).write_text(script, encoding="utf-8")
        (folder / name).chmod(0o755)
    return made


def started(volume: Path, major: int) -> tuple[int, str, str]:
    """Start the server of a version on the volume; return its exit code and all that it said."""
    folder = volume.parent / "bin"
    done = subprocess.run(
        [folder / "entrypoint.sh"],
        env={"PATH": f"{folder}:{os.environ['PATH']}", "MAJOR": str(major)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def refusal(holds: int, release: int) -> tuple[int, str, str]:
    return (
        2,
        "",
        (
            f"postgres: the volume holds the data of PostgreSQL {holds} and this release is of "
            f"{release}; `fab upgrade` moves it, `fab rollback` goes back to the release before"
        ),
    )


def test_a_new_volume_gets_a_cluster_that_is_served_from_then_on(volume: Path) -> None:
    assert started(volume, 17) == (0, f"serves {volume}/17", "")
    assert started(volume, 17) == (0, f"serves {volume}/17", "")
    assert [file.name for file in volume.iterdir()] == ["17"]


def test_another_version_is_refused_unless_an_upgrade_has_begun(volume: Path) -> None:
    started(volume, 17)
    assert started(volume, 18) == refusal(17, 18)
    (volume / "serving").write_text("17\n")
    (volume / "next").write_text("18\n")
    assert started(volume, 18) == (0, f"serves {volume}/18", "")
    # Until it is filled, the one before counts, and both can be served.
    assert started(volume, 17) == (0, f"serves {volume}/17", "")
    (volume / "next").unlink()
    assert started(volume, 18) == refusal(17, 18)
    (volume / "serving").write_text("18\n")
    assert started(volume, 18) == (0, f"serves {volume}/18", "")
    assert started(volume, 17) == refusal(18, 17)


def test_a_cluster_that_was_never_finished_does_not_count(volume: Path) -> None:
    (volume / "18.new").mkdir()
    (volume / "18.new" / "PG_VERSION").write_text("18\n")
    assert started(volume, 17) == (0, f"serves {volume}/17", "")
    (volume / "17.new").mkdir()
    assert started(volume, 17) == (0, f"serves {volume}/17", "")
