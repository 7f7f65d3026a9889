"""What a destroyed stack leaves is told; the passphrase of its backups is never lost with it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.leftovers import remind
from tests.unit.infra.clouds.test_clouds import SECRET_SIGNATURE, plain
from tests.unit.infra.stacks import CANARY, CLOUDS, LOOSE, Stack, run

TOLD = {
    "aws": "data volume vol-10",
    "azure": "az disk delete --ids 10",
    "gcp": "gcloud compute disks delete tapeline-dev-data",
    "hcloud": "hcloud volume disable-protection tapeline-dev-data delete && hcloud volume delete",
    "digitalocean": "doctl compute volume delete 10",
    "existing": "still there: the machine 192.0.2.10 with the pipeline and its data; fab destroy",
    "local": "docker volume rm tapeline-dev-data",
}


def leftovers(stack: Stack) -> Any:
    """Return the inputs of what is told in a destroy."""
    [command] = [one for one in stack.resources if one.name == "tapeline-dev-leftovers"]
    assert SECRET_SIGNATURE in command.inputs["environment"]
    assert command.options["protect"] is False
    return plain(command.inputs)


def destroy(stack: Stack, home: Path) -> list[str]:
    """Do what the plugin does as the resource goes; return what it prints."""
    inputs = leftovers(stack)
    done = subprocess.run(
        ["/bin/sh", "-c", inputs["delete"]],
        env={"PATH": os.environ["PATH"], "HOME": str(home), **inputs["environment"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_destroy_tells_what_stays_and_what_removes_it(cloud: str, tmp_path: Path) -> None:
    folder = tmp_path / ".local" / "share" / "tapeline"
    kept, still_there = destroy(run(cloud), tmp_path)
    secret = folder / "dev.backup_passphrase"
    assert kept == f"the passphrase of all backups so far is kept in {secret}"
    assert secret.read_text("utf-8") == f"{CANARY}-backup-passphrase\n"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert TOLD[cloud] in still_there
    assert (folder / "dev.left").read_text("utf-8") == f"{still_there}\n"


def test_where_the_data_goes_too_only_the_passphrase_stays(tmp_path: Path) -> None:
    destroy(run("hcloud"), tmp_path)
    assert len(destroy(run("hcloud", **LOOSE), tmp_path)) == 1
    folder = tmp_path / ".local" / "share" / "tapeline"
    assert [file.name for file in folder.iterdir()] == ["dev.backup_passphrase"]


def test_the_next_up_warns_of_what_it_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    remind("dev", {})
    assert capfd.readouterr().err == ""
    note = tmp_path / "tapeline" / "dev.left"
    note.parent.mkdir()
    note.write_text("still there, billed: the data volume v1\n", encoding="utf-8")
    remind("dev", {"stack": "dev"})
    assert capfd.readouterr().err == ""
    remind("dev", {})
    [told] = capfd.readouterr().err.splitlines()
    for part in ("stack dev", "still there, billed: the data volume v1", f"rm {note}"):
        assert part in told


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_passwords_stay_as_long_as_the_data(cloud: str) -> None:
    for config, stays in ({}, True), (LOOSE, False):
        made = [
            one.options["protect"]
            for one in run(cloud, **config).resources
            if one.type == "random:index/randomPassword:RandomPassword"
        ]
        assert made == [stays] * 6
