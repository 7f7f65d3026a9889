"""A host's data volume: found by either of Azure's names, formatted once, grown in place."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.launcher.paths import ROOT

ROLE = ROOT / "ansible" / "roles" / "base"
INTERPRETER = f"ansible_python_interpreter={sys.executable}"
PLAY = f"""
- hosts: localhost
  connection: local
  gather_facts: false
  vars_files: [{ROLE}/defaults/main.yml]
  tasks:
    - ansible.builtin.import_tasks: {ROLE}/tasks/device.yml
    - ansible.builtin.import_tasks: {ROLE}/tasks/grow.yml
"""


def changed(folder: Path) -> int:
    """Run the tasks as Ansible does for a host; return how many changed something."""
    play = folder / "play.yml"
    play.write_text(PLAY, encoding="utf-8")
    program = Path(sys.executable).with_name("ansible-playbook")
    device = f"tapeline_data_device={folder}/azure/scsi1/lun10"
    done = subprocess.run(
        [program, "-i", "localhost,", "-e", device, "-e", INTERPRETER, play],
        env={**os.environ, "PATH": f"/usr/sbin:/sbin:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"ok=\d+ +changed=(\d+) ", done.stdout)
    assert found is not None, done.stdout
    return int(found[1])


def blocks(volume: Path) -> int:
    """Return how large the file system is, in blocks of 1 KiB."""
    words = ["/usr/sbin/dumpe2fs", "-h", str(volume)]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    count, size = re.findall(r"^Block (?:count|size): +(\d+)", said, re.MULTILINE)
    return int(count) * int(size) // 1024


def test_a_volume_is_found_formatted_once_and_grown(tmp_path: Path) -> None:
    if not Path("/usr/sbin/mkfs.ext4").exists():
        pytest.skip("needs mkfs.ext4: apt-get install e2fsprogs")
    # As at the NVMe bus, while the stack tells the name at the SCSI bus.
    volume = tmp_path / "azure" / "data" / "by-lun" / "10"
    volume.parent.mkdir(parents=True)
    volume.touch()
    os.truncate(volume, 32 << 20)
    # It fills the volume already, so that only the formatting counts.
    assert changed(tmp_path) == 1
    assert blocks(volume) == 32 << 10
    os.truncate(volume, 64 << 20)
    assert changed(tmp_path) == 1
    assert blocks(volume) == 64 << 10
