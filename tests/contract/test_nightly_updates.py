"""What a host updates each night, as apt reads the file that Ansible writes, and what it leaves."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import jinja2

from scripts.launcher.paths import ROOT
from scripts.operations.hosts.host_updates import ENGINE_PACKAGES

FILE = ROOT / "ansible" / "roles" / "base" / "templates" / "unattended.conf.j2"
KEPT = "Unattended-Upgrade::Package-Blacklist"


def test_no_night_restarts_the_engine(tmp_path: Path) -> None:
    values = {"ansible_managed": "a test", "base_reboot_when_needed": False}
    text = jinja2.Template(FILE.read_text("utf-8")).render(values)
    (tmp_path / "apt.conf").write_text(f"{text}\n", encoding="utf-8")
    shown = subprocess.run(
        ["apt-config", "dump", "--format", "%f %v%n", KEPT],
        env={**os.environ, "APT_CONFIG": str(tmp_path / "apt.conf")},
        capture_output=True,
        text=True,
        check=True,
    )
    # unattended-upgrades matches each of them at the beginning of a package's name.
    patterns = [value for _, value in map(str.split, shown.stdout.splitlines()[1:])]
    updated = ("libssl3t64", "linux-image-amd64", "nftables", "openssh-server")
    kept = {
        name: any(re.match(pattern, name) for pattern in patterns)
        for name in (*ENGINE_PACKAGES, *updated)
    }
    assert kept == {**dict.fromkeys(ENGINE_PACKAGES, True), **dict.fromkeys(updated, False)}
