"""What a command works with: a target, a shell there, who asks, and the clock; begun by `begin`."""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from infra.outputs import PROGRESS_VARIABLE, StackOutputs
from scripts.launcher.progress import say
from scripts.operations import compose_commands, ssh_client, target
from scripts.operations.connectors import LocalShell, RemoteShell, Shell, connect
from scripts.operations.errors import OperationError
from scripts.operations.hosts.stack_outputs import known_hosts, stack_outputs
from scripts.operations.target import Target

_LOCK_TAKEN = 9
_NO_HOST = "say which host: --stack NAME"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Operation:
    """One command at work. `outputs` are those of the stack, if the target is a host."""

    target: Target
    shell: Shell
    who: str
    outputs: StackOutputs | None = None
    say: Callable[[str], None] = say
    now: Callable[[], datetime] = _now
    wait: Callable[[float], None] = field(default=time.sleep)

    @property
    def host_outputs(self) -> StackOutputs:
        """The outputs of the stack whose host this is. Raises OperationError for no host."""
        if self.outputs is None:
            raise OperationError(_NO_HOST)
        return self.outputs

    @property
    def stamp(self) -> str:
        """This moment, for the name of what is laid aside."""
        return f"{self.now():%Y%m%d%H%M%S}"

    def run(self, command: str) -> str:
        """Run a command and return what it printed."""
        return self.shell.run(command)

    def record(self, what: str, result: str) -> None:
        """Add a line to the target's record of what was done."""
        line = compose_commands.audit_line(self.now(), self.who, what, result)
        self.shell.run(compose_commands.audit(self.target, line))

    def tell(self, name: str, value: int) -> None:
        """Tell a figure of the host to whoever watches it."""
        if self.target.is_remote:
            self.shell.run(compose_commands.host_metric(self.target, name, value))

    @contextmanager
    def locked(self, what: str, reason: str) -> Iterator[None]:
        """Hold the target's lock, and record what became of the operation.

        Raises OperationError at once where somebody holds it.
        """
        details = f"{self.who} since {self.now():%Y-%m-%d %H:%M:%S} UTC: {what}"
        details += f" ({reason})" if reason else ""
        code, printed = self.shell.code(compose_commands.take_lock(self.target, details))
        if code == _LOCK_TAKEN:
            # Beside the owner's line there may be a word of sudo's.
            owner = (printed.strip().splitlines() or ["somebody"])[0]
            raise OperationError(
                f"{self.target.name} is locked by {owner}; "
                "if that has ended without saying so, `fab unlock`"
            )
        if code != 0:
            raise OperationError(f"the lock cannot be taken: {printed.strip()}")
        try:
            yield
        except BaseException as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            self.record(what, f"failed: {first}")
            raise
        else:
            self.record(what, "done")
        finally:
            self.shell.run(compose_commands.release_lock(self.target))


def begin(stack: str, variables: Mapping[str, str] = os.environ) -> Operation:
    """Return a session on a stack's host, or on this machine's own stack. Raises OperationError."""
    who = f"{getpass.getuser()}@{socket.gethostname()}"
    if not stack:
        return Operation(target.LOCAL, LocalShell(), who)
    outputs = stack_outputs(stack, variables)
    settings = ssh_client.ask(outputs, ssh_client.key_file(outputs, variables))
    connection = connect(outputs, known_hosts(outputs), settings)
    where = target.host(stack)
    return Operation(where, RemoteShell(connection, "/"), who, outputs, _teller(variables))


def _teller(variables: Mapping[str, str]) -> Callable[[str], None]:
    """Return what tells a person how far it is; within `pulumi up`, the first line also there."""
    descriptor = variables.get(PROGRESS_VARIABLE)
    if not descriptor:
        return say

    def tell(text: str) -> None:
        say(text)
        os.write(int(descriptor), f"{text.splitlines()[0]}\n".encode())

    return tell


def begin_there(stack: str) -> Operation:
    """Return a session on a host, for what there is there alone. Raises OperationError."""
    if not stack:
        raise OperationError(_NO_HOST)
    return begin(stack)
