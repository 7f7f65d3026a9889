"""The key of Alpha Vantage on a host: Ansible itself keeps it, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from scripts.launcher.paths import ROOT


@dataclass
class Host:
    """A folder that stands for a host's, and the key that the stack has at the moment."""

    folder: Path

    @property
    def key(self) -> str | None:
        file = self.folder / "keys" / "alpha_vantage_key"
        return file.read_text("utf-8") if file.exists() else None

    def write_key(self, key: str) -> None:
        """Do what `fab rotate key` does."""
        file = self.folder / "keys" / "alpha_vantage_key"
        file.unlink(missing_ok=True)
        file.write_text(key, encoding="utf-8")
        (self.folder / "key_of_the_stack").unlink(missing_ok=True)

    def provision(self, key_of_the_stack: str) -> int:
        """Run the role's tasks; return how many of them changed something."""
        (self.folder / "stacks").write_text(key_of_the_stack, encoding="utf-8")
        done = subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), "-i", "host,", "play.yml"],
            cwd=self.folder,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "false"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert not key_of_the_stack or key_of_the_stack not in done.stdout + done.stderr
        return int(done.stdout.rpartition("changed=")[2].split()[0])


@pytest.fixture
def host(tmp_path: Path) -> Host:
    (tmp_path / "keys").mkdir()
    program = tmp_path / "secret"
    program.write_text(f'#!/bin/sh\n[ "$1" = alpha_vantage_key ] && cat {tmp_path}/stacks\n')
    program.chmod(0o700)
    play = {
        "hosts": "all",
        "connection": "local",
        "gather_facts": False,
        "vars": {
            "ansible_python_interpreter": sys.executable,
            "pipeline_directory": str(tmp_path),
            "pipeline_uid": os.getuid(),
            "pipeline_folders": {"changed": False},
            "tapeline_secret_program": str(program),
        },
        "tasks": [
            {
                "name": "The key",
                "ansible.builtin.import_tasks": str(
                    ROOT / "ansible" / "roles" / "pipeline" / "tasks" / "key.yml"
                ),
            }
        ],
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    return Host(tmp_path)


def test_a_key_of_the_stack_comes_changes_and_goes(host: Host) -> None:
    assert (host.provision(""), host.key) == (0, None)
    assert (host.provision("FIRST"), host.key) == (2, "FIRST\n")
    assert (host.provision("FIRST"), host.key) == (0, "FIRST\n")
    assert (host.provision("SECOND"), host.key) == (1, "SECOND\n")
    assert (host.provision(""), host.key) == (1, None)
    assert (host.provision(""), host.key) == (0, None)


def test_a_key_that_the_host_was_given_stays_until_the_stack_has_one(host: Host) -> None:
    host.provision("STACKS")
    host.write_key("OWN\n")
    assert (host.provision(""), host.key) == (0, "OWN\n")
    assert (host.provision("STACKS"), host.key) == (2, "STACKS\n")
