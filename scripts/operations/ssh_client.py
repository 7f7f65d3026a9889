"""What ssh itself would reach a host by: `ssh -G` in, keys, agent and proxy out.

Ansible and Pulumi's first contact run OpenSSH; Fabric's library reads less of ~/.ssh/config, and so
is told what OpenSSH makes of it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.outputs import KEY_FILE_VARIABLE, StackOutputs
from scripts.operations.errors import OperationError

_UNSET = ("", "none")


@dataclass(frozen=True)
class SshSettings:
    """OpenSSH's choices for one host."""

    key_files: tuple[str, ...]
    """Those that exist, in the order in which they are tried."""
    uses_agent: bool = True
    agent_socket: str = ""
    """Of an agent other than that of SSH_AUTH_SOCK."""
    proxy_command: str = ""


def key_file(outputs: StackOutputs, variables: Mapping[str, str]) -> str:
    """Return the private key's file that was named, by TAPELINE_SSH_KEY or by the stack's
    sshIdentityFile; empty: ssh chooses. Raises OperationError where it is not there.
    """
    named = variables.get(KEY_FILE_VARIABLE) or outputs.ssh_identity_file
    if not named:
        return ""
    file = Path(named).expanduser()
    if not file.is_file():
        raise OperationError(
            f"there is no private key {file}; name yours, such as: "
            f"pulumi config set sshIdentityFile ~/.ssh/id_ed25519 && pulumi up, "
            f"or export {KEY_FILE_VARIABLE}=FILE"
        )
    return str(file)


def ask(outputs: StackOutputs, key: str) -> SshSettings:
    """Return what ssh would use for the host of a stack. Raises OperationError."""
    words = ["ssh", "-G", *(["-i", key] if key else []), "-p", str(outputs.ssh_port)]
    try:
        done = subprocess.run(
            [*words, f"{outputs.ssh_user}@{outputs.address}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise OperationError("ssh is not on the PATH; install OpenSSH's client") from None
    if done.returncode != 0:
        raise OperationError(f"`ssh -G` failed: {done.stderr.strip().splitlines()[-1]}")
    return parse(done.stdout, outputs)


def parse(printed: str, outputs: StackOutputs) -> SshSettings:
    """Return the settings that `ssh -G` printed, a keyword and its value a line."""
    found: dict[str, list[str]] = {}
    for line in printed.splitlines():
        keyword, _, value = line.partition(" ")
        found.setdefault(keyword, []).append(value)
    files = [str(Path(name).expanduser()) for name in found.get("identityfile", [])]
    [agent] = found.get("identityagent", ["SSH_AUTH_SOCK"])
    return SshSettings(
        key_files=tuple(name for name in dict.fromkeys(files) if Path(name).is_file()),
        uses_agent=agent not in _UNSET,
        agent_socket="" if agent in (*_UNSET, "SSH_AUTH_SOCK") else str(Path(agent).expanduser()),
        proxy_command=_proxy(found, outputs),
    )


def _proxy(found: Mapping[str, list[str]], outputs: StackOutputs) -> str:
    [command] = found.get("proxycommand", ["none"])
    [jumps] = found.get("proxyjump", ["none"])
    if command in _UNSET and jumps in _UNSET:
        return ""
    if command in _UNSET:
        before, _, last = jumps.rpartition(",")
        through = f"-J {before} " if before else ""
        command = (
            f"ssh {through}-W [%h]:%p {last if last.startswith('ssh://') else f'ssh://{last}'}"
        )
    # Fabric takes 22 for %p, whatever the port is.
    tokens = {"%h": outputs.address, "%p": str(outputs.ssh_port), "%r": outputs.ssh_user}
    for token, value in tokens.items():
        command = command.replace(token, value)
    return command
