"""The program on the host that keeps firewall and database at one list."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.launcher.paths import ROOT

PROGRAM = ROOT / "ansible" / "roles" / "firewall" / "files" / "tapeline-access"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program on a folder, with a stand-in for nft that remembers what it read."""
    nft = folder / "nft"
    nft.write_text(f'#!/bin/sh\necho "$@" >> {folder}/nft.log\n', encoding="utf-8")
    nft.chmod(0o755)
    text = PROGRAM.read_text("utf-8").replace("/usr/sbin/nft", str(nft))
    program = folder / "tapeline-access"
    program.write_text(text, encoding="utf-8")
    (folder / "addresses.py").write_bytes((ROOT / "infra" / "config" / "addresses.py").read_bytes())
    return subprocess.run(
        [sys.executable, str(program), *words],
        env={**os.environ, "TAPELINE_ETC": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def state(folder: Path) -> tuple[str, str]:
    return (folder / "powerbi.nft").read_text("utf-8"), (folder / "access.env").read_text("utf-8")


CLOSED = ("# nobody\n", "POWERBI_CIDRS=\nPOSTGRES_PUBLISHED=127.0.0.1:5432\n")


def test_closed_open_and_closed_again(tmp_path: Path) -> None:
    assert run(tmp_path, "apply").returncode == 0
    assert state(tmp_path) == CLOSED
    assert run(tmp_path, "list").stdout == "nobody\n"

    assert run(tmp_path, "allow", "203.0.113.0/24").stdout == "203.0.113.0/24 may come in\n"
    assert run(tmp_path, "allow", "198.51.100.7/32").returncode == 0
    assert state(tmp_path) == (
        "add element inet tapeline powerbi { 198.51.100.7/32, 203.0.113.0/24 }\n",
        "POWERBI_CIDRS=198.51.100.7/32,203.0.113.0/24\nPOSTGRES_PUBLISHED=0.0.0.0:5432\n",
    )
    assert run(tmp_path, "list").stdout == "198.51.100.7/32\n203.0.113.0/24\n"

    for cidr in ("203.0.113.0/24", "198.51.100.7/32"):
        assert run(tmp_path, "deny", cidr).stdout == f"{cidr} stays out\n"
    assert state(tmp_path) == CLOSED
    firewall = f"-f {tmp_path}/firewall.nft\n"
    assert (tmp_path / "nft.log").read_text("utf-8") == firewall * 5


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "1.0.0.0/7", "203.0.113.7/24", "::/0", "all"])
def test_what_must_not_come_in_changes_nothing(tmp_path: Path, cidr: str) -> None:
    assert run(tmp_path, "apply").returncode == 0
    done = run(tmp_path, "allow", cidr)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tapeline-access: ")
    assert state(tmp_path) == CLOSED
    assert not (tmp_path / "powerbi_cidrs").exists()


def test_the_world_comes_in_by_the_words_and_goes_out_without_them(tmp_path: Path) -> None:
    consent = tmp_path / "world_open"
    consent.write_text("yes, from anywhere\n", encoding="utf-8")
    assert run(tmp_path, "allow", "0.0.0.0/0").returncode == 0
    assert state(tmp_path) == (
        "add element inet tapeline powerbi { 0.0.0.0/0 }\n",
        "POWERBI_CIDRS=0.0.0.0/0\nPOSTGRES_PUBLISHED=0.0.0.0:5432\n"
        "POWERBI_WORLD_OPEN='yes, from anywhere'\n",
    )
    consent.write_text("", encoding="utf-8")
    done = run(tmp_path, "apply")
    assert (done.returncode, done.stdout) == (2, "")
    assert "0.0.0.0/0 opens the database to more addresses than a /8 has" in done.stderr
    assert run(tmp_path, "list").stdout == "0.0.0.0/0\n"
    assert run(tmp_path, "deny", "0.0.0.0/0").returncode == 0
    assert state(tmp_path) == CLOSED
