"""Runs a line of shell here or on a host. The only importer of Fabric's connection."""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import fabric
import paramiko

from infra.outputs import KEY_FILE_VARIABLE, StackOutputs
from scripts.launcher.paths import ROOT
from scripts.operations.errors import OperationError, UnreachableError
from scripts.operations.ssh_client import SshSettings

# It prints tracebacks of what it also raises.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

_CONNECT_SECONDS = 20
_LAST_LINES = 15


class Shell(Protocol):
    """Where a command's commands run: all of them in the target's directory, as who may do them."""

    def run(self, command: str, *, given: str = "") -> str:
        """Run a command and return what it printed. Raises OperationError with the end of it."""

    def code(self, command: str) -> tuple[int, str]:
        """Run a command; return its exit code and what it printed."""

    def show(self, command: str) -> int:
        """Run a command in the person's terminal, input and all; return its exit code."""

    def send(self, data: bytes | Path, target: str) -> None:
        """Write a file at the target, readable by root alone."""


def failure(command: str, code: int, printed: str) -> OperationError:
    """Return what to tell a person of a command that failed."""
    end = "\n".join(printed.strip().splitlines()[-_LAST_LINES:])
    return OperationError(f"`{command[:120]}` ended with {code}:\n{end}")


class LocalShell:
    """This machine, in the checkout."""

    def run(self, command: str, *, given: str = "") -> str:
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=ROOT,
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            raise failure(command, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def code(self, command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def show(self, command: str) -> int:
        sys.stdout.flush()
        return subprocess.run(["sh", "-c", command], cwd=ROOT, check=False).returncode

    def send(self, data: bytes | Path, target: str) -> None:
        file = ROOT / target
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(data.read_bytes() if isinstance(data, Path) else data)


class RemoteShell:
    """A host over SSH, as root, its key known beforehand and nothing else believed."""

    def __init__(self, connection: fabric.Connection, directory: str) -> None:
        self.connection = connection
        self._directory = directory

    def run(self, command: str, *, given: str = "") -> str:
        done = self._run(command, hide=True, in_stream=BytesIO(given.encode()))
        if done.exited != 0:
            raise failure(command, done.exited, done.stdout + done.stderr)
        return str(done.stdout)

    def code(self, command: str) -> tuple[int, str]:
        done = self._run(command, hide=True, in_stream=False)
        return int(done.exited), done.stdout + done.stderr

    def show(self, command: str) -> int:
        return int(self._run(command, pty=sys.stdin.isatty()).exited)

    def send(self, data: bytes | Path, target: str) -> None:
        draft = f"/tmp/.tapeline-{self.connection.user}"  # noqa: S108 - made for one transfer
        folder = self._run(f"mktemp -d {draft}.XXXXXX", hide=True, in_stream=False, root=False)
        there = f"{folder.stdout.strip()}/file"
        self.connection.put(BytesIO(data) if isinstance(data, bytes) else str(data), there)
        target_ = shlex.quote(target)
        self.run(f"install -o root -g root -m 0600 {there} {target_} && rm -r {there[:-5]}")

    def _run(self, command: str, *, root: bool = True, **options: Any) -> Any:
        line = f"cd {shlex.quote(self._directory)} && {command}"
        become = "sudo -n " if root and self.connection.user != "root" else ""
        try:
            return self.connection.run(f"{become}sh -c {shlex.quote(line)}", warn=True, **options)
        except (OSError, paramiko.SSHException) as error:
            self.connection.client.close()
            at = f"{self.connection.user}@{self.connection.host}:{self.connection.port}"
            raise UnreachableError(f"{at} by SSH: {error}{_remedy(error)}") from None


def _remedy(error: Exception) -> str:
    if isinstance(error, paramiko.PasswordRequiredException):
        return "; load it into the agent: ssh-add FILE"
    if isinstance(error, paramiko.AuthenticationException) or "No authentication" in str(error):
        return (
            "; load the private key of sshPublicKey into the agent (ssh-add FILE), or name it: "
            f"pulumi config set sshIdentityFile FILE && pulumi up, or {KEY_FILE_VARIABLE}=FILE"
        )
    if isinstance(error, OSError):
        return "; is the host up, and does adminCidrs hold the address that you come from?"
    return ""


def connect(outputs: StackOutputs, hosts_file: Path, settings: SshSettings) -> fabric.Connection:
    """Return a connection that believes the stack's host key and no other one, and uses the keys,
    the agent and the proxy that ssh itself would.
    """
    if settings.agent_socket:
        # The library has no other way to name it.
        os.environ["SSH_AUTH_SOCK"] = settings.agent_socket
    connection = fabric.Connection(
        host=outputs.address,
        user=outputs.ssh_user,
        port=outputs.ssh_port,
        gateway=settings.proxy_command or None,
        connect_timeout=_CONNECT_SECONDS,
        connect_kwargs={
            "key_filename": list(settings.key_files),
            "allow_agent": settings.uses_agent,
            "look_for_keys": False,
        },
        config=fabric.Config(overrides={"load_ssh_configs": False}),
    )
    # Fabric believes whatever key it meets first; this one does not.
    connection.client.load_host_keys(str(hosts_file))
    connection.client.set_missing_host_key_policy(paramiko.RejectPolicy())
    return connection
