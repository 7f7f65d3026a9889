"""A VM that is met over SSH: what a cloud hands it at its first boot in, a real sshd out.

Debian's own cloud-init reads the user data, in namespaces of its own, and the machine's own `ssh`
connects, checks the host key and logs in. Only the way there is made up: the VM's address is one
that leads nowhere, so a connection to it is passed to the port where the VM's sshd listens.
"""

from __future__ import annotations

import base64
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scripts.local_stack.servers import processes
from scripts.local_stack.servers.ports import free_ports
from scripts.local_stack.servers.processes import Command
from tests.engine.clouds.values import plain
from tests.engine.clouds.world import Kept
from tests.engine.desk import Desk
from tests.unit.infra.expected import HOSTS, USER_DATA

NEEDED: Final = ("/usr/sbin/sshd", "/usr/bin/sudo", "/usr/bin/cloud-init")
_FIRST_BOOT: Final = Path(__file__).with_name("first-boot")
_NAMESPACES: Final = ("unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child")
_ROUTE: Final = (
    "import os, socket, sys; vm = socket.create_connection(('127.0.0.1', int(sys.argv[1])));"
    "socket.send_fds(socket.socket(fileno=os.dup(1)), [b'.'], [vm.fileno()])"
)
_SSH: Final = """\
#!/bin/sh
exec /usr/bin/ssh -o ProxyUseFdpass=yes -o ProxyCommand="{python} -c \\"{route}\\" {port}" "$@"
"""


@dataclass
class Machines:
    """The VM of one stack, or the one that has taken its place."""

    cloud: str
    folder: Path
    port: int = field(default_factory=lambda: free_ports(1)[0])
    orders: list[str] = field(default_factory=list)
    """What each VM so far was handed."""
    _running: list[processes.Child] = field(default_factory=list)

    def lead_to(self, desk: Desk) -> None:
        """Let the operator's `ssh` reach the VM."""
        desk.program("ssh", _SSH.format(python=sys.executable, route=_ROUTE, port=self.port))

    def on_made(self, kept: Kept) -> None:
        """Boot a VM that the cloud has made."""
        if kept.type != HOSTS[self.cloud]:
            return
        handed = plain(kept.inputs)[USER_DATA[self.cloud]]
        if self.cloud == "azure":
            handed = base64.b64decode(handed).decode()
        is_script = self.cloud == "gcp"
        self._boot(handed["startup-script"] if is_script else handed, is_script=is_script)

    def on_gone(self, kept: Kept) -> None:
        """End a VM that the cloud has removed."""
        if kept.type == HOSTS[self.cloud]:
            self.stop()

    def stop(self) -> None:
        """End the VM with all that runs in it."""
        processes.stop(self._running, grace_seconds=10)
        self._running.clear()

    def _boot(self, orders: str, *, is_script: bool) -> None:
        self.stop()
        self.orders.append(orders)
        folder = self.folder / f"vm-{len(self.orders)}"
        folder.mkdir()
        file = self.folder / f"orders-{len(self.orders)}"
        file.write_text(orders, encoding="utf-8")
        kind = "startup-script" if is_script else "cloud-config"
        words = [*_NAMESPACES, str(_FIRST_BOOT), str(folder), kind, str(file), str(self.port)]
        log = self.folder / f"vm-{len(self.orders)}.log"
        # `unshare` itself does not heed a polite signal; its end is the VM's.
        kill = signal.SIGKILL
        command = Command("the VM", words, log, stop_signal=kill, orphan_signal=kill)
        self._running.append(processes.start(command))
