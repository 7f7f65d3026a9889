"""The documents' settings of a stack, typed at the real Pulumi as they are written there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.config.settings import parse
from tests.documents import ROOT, commands
from tests.unit.infra.stacks import PUBLIC_KEY

KEY, BACKUP_KEY = "canary-of-a-key", "canary-of-a-backup-key"
NAS = f"nas.example.org {PUBLIC_KEY}"


class Person:
    """Somebody with an SSH key, a key of the vendor's and a place for Pulumi's state."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.folder = folder
        shutil.copy2(ROOT / "Pulumi.yaml", folder)
        (folder / ".ssh").mkdir()
        (folder / ".ssh" / "id_ed25519.pub").write_text(f"{PUBLIC_KEY} operator\n", "utf-8")
        (folder / ".ssh" / "backups").write_text(f"{BACKUP_KEY}\n", "utf-8")
        (folder / ".ssh" / "known_hosts").write_text(f"{NAS}\n", "utf-8")
        (folder / "my_key.txt").write_text(f"{KEY}\n", "utf-8")
        (folder / "bin").mkdir()
        (folder / "bin" / "pulumi").symlink_to(program)
        self.variables = {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(folder),
            "PULUMI_HOME": str(folder / ".pulumi"),
            "PULUMI_BACKEND_URL": f"file://{folder}",
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def type(self, line: str) -> str:
        """Type a command, which must succeed; return what it said."""
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.folder, env=self.variables, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    def config(self) -> dict[str, Any]:
        """Return what is set, by the names of the program."""
        said = json.loads(self.type("pulumi config --json --show-secrets"))
        return {
            name.removeprefix("tapeline:"): one.get("objectValue", one["value"])
            for name, one in said.items()
        }


@pytest.fixture
def person(program: Path, tmp_path: Path) -> Person:
    return Person(program, tmp_path)


def test_what_is_typed_makes_a_configuration_that_is_taken(person: Person) -> None:
    for line in commands("pulumi"):
        person.type(line)

    given = person.config()
    containers = given.pop("settings")
    wanted = {
        "cloud": "hcloud", "deploy": "true", "adminCidrs": "203.0.113.7/32",
        "sshPublicKey": f"{PUBLIC_KEY} operator", "alphaVantageKey": KEY,
        "domain": "market.example.org", "certificate": "acme",
        "dashboardCidrs": "198.51.100.0/24",
        "backupTarget": "sftp://ann@nas.example.org/tapeline", "backupKnownHosts": NAS,
        "backupKey": BACKUP_KEY,
    }  # fmt: skip
    assert {name: given[name] for name in wanted} == wanted
    assert containers == {"ALPHA_VANTAGE_PLAN": 75, "SYMBOLS": "AAPL,NVDA"}
    secrets = ["alphaVantageKey", "backupKey"]
    for name in secrets:
        del given[name]
    settings = parse(given, secrets, containers)
    assert (settings.cloud, settings.domain) == ("hcloud", "market.example.org")
    stored = (person.folder / "Pulumi.dev.yaml").read_text("utf-8")
    assert [key for key in (KEY, BACKUP_KEY) if key in stored] == []
