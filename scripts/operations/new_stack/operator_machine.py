"""What a new stack can be told of this machine: its SSH keys and its public address, found here.

Nobody on the Internet is asked.
"""

from __future__ import annotations

import ipaddress
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.machine import ssh_keys

_SSH_DEFAULTS = ("id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk")
"""What ssh tries by itself."""
_DOCUMENTATION = ("192.0.2.1", 9)
"""No packet is sent there: only the way to it is looked up."""


@dataclass(frozen=True)
class SshKey:
    """A public key that was found, and how ssh comes to its private half."""

    line: str
    where: str
    private_file: str = ""
    in_agent: bool = False

    @property
    def identity_file(self) -> str:
        """What sshIdentityFile must name; empty where ssh finds the key by itself."""
        is_default = Path(self.private_file).name in _SSH_DEFAULTS
        return "" if self.in_agent or is_default else self.private_file

    def __str__(self) -> str:
        kind, _, *comment = self.line.split(None, 2)
        return f"{kind} {' '.join(comment)} ({self.where})".replace("  ", " ")


def ssh_keys_found(home: Path) -> list[SshKey]:
    """Return the agent's keys, and then those of ~/.ssh that have a private half there."""
    found = {_body(line): SshKey(line, "agent", in_agent=True) for line in _agent_lines()}
    for file in sorted((home / ".ssh").glob("*.pub")):
        line = file.read_text("utf-8", errors="replace").strip()
        private = file.with_suffix("")
        if private.is_file() and _is_key(line) and _body(line) not in found:
            found[_body(line)] = SshKey(line, str(private), str(private))
    return list(found.values())


def key_of(file: Path) -> SshKey:
    """Return the key of a file, public or private. Raises ValueError and OSError."""
    public = file if file.suffix == ".pub" else Path(f"{file}.pub")
    private = public.with_suffix("")
    line = public.read_text("utf-8").strip()
    ssh_keys.public_key(line)
    in_agent = _body(line) in [_body(one) for one in _agent_lines()]
    return SshKey(line, str(private), str(private) if private.is_file() else "", in_agent)


def is_locked(key: SshKey) -> bool:
    """Return whether nobody but a person with its passphrase can use the key."""
    if key.in_agent or not Path(key.private_file).is_file():
        return False
    command = ["ssh-keygen", "-y", "-P", "", "-f", key.private_file]
    return subprocess.run(command, capture_output=True, check=False).returncode != 0


def addresses_found(variables: Mapping[str, str]) -> dict[str, str]:
    """Return public IPv4 addresses that this machine may have outside, each with what it is."""
    found = {_own_address(): "this machine's own"}
    client, _, server, *_ = [*variables.get("SSH_CONNECTION", "").split(), "", "", ""]
    found.setdefault(server, "this machine's, as your SSH session reached it")
    found.setdefault(client, "where your SSH session comes from")
    return {address: what for address, what in found.items() if _is_public(address)}


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(_DOCUMENTATION)
        except OSError:
            return ""  # there is no way out
        return str(asked.getsockname()[0])


def _is_public(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.version == 4 and parsed.is_global


def _agent_lines() -> list[str]:
    done = subprocess.run(["ssh-add", "-L"], capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines() if _is_key(line)]


def _is_key(line: str) -> bool:
    try:
        ssh_keys.public_key(line)
    except ValueError:
        return False
    return True


def _body(line: str) -> str:
    return line.split()[1]
