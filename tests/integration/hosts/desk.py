"""What a person has who operates a host: keys, an agent, a configuration of ssh."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.outputs import OUTPUTS_FILE_VARIABLE, StackOutputs
from scripts.operations.operation import begin


def key(file: Path) -> str:
    """Make a pair of keys; return the public one as `kind key`."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)]
    subprocess.run(command, check=True)
    return " ".join(file.with_suffix(".pub").read_text("utf-8").split()[:2])


@dataclass(frozen=True)
class Desk:
    """What a person has, and what Pulumi tells there."""

    told: StackOutputs
    folder: Path
    key: Path

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def agent(self) -> Path:
        return self.folder / "agent"

    def configure(self, *lines: str) -> None:
        """Write the configuration of ssh; without a line of its own, ssh finds no key."""
        known = f"UserKnownHostsFile {self.folder}/known\nStrictHostKeyChecking accept-new\n"
        default = f"IdentityFile {self.folder}/none\n"
        self.config.write_text("".join(f"{line}\n" for line in lines) + default + known, "utf-8")

    def add_to_agent(self, key: Path) -> None:
        environment = {**os.environ, "SSH_AUTH_SOCK": str(self.agent)}
        subprocess.run(["ssh-add", "-q", str(key)], env=environment, check=True)

    def asks_who(self, identity_file: str = "", **variables: str) -> str:
        """Begin a verb's session as `fab --stack` does, and ask whom the host takes us for."""
        outputs_file = self.folder / "outputs.json"
        found = {**asdict(self.told), "ssh_identity_file": identity_file}
        outputs_file.write_text(json.dumps(found), "utf-8")
        named = {OUTPUTS_FILE_VARIABLE: str(outputs_file), **variables}
        session = begin("desk", named)
        return session.run("id -un").strip()
