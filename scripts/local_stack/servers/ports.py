"""Chooses the TCP ports of a run on the loopback interface."""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence
from contextlib import ExitStack

from scripts.launcher.errors import SetupError

HOST = "127.0.0.1"
_RANGE = range(15_000, 32_000)  # below the ports that the system hands to outgoing connections


def free_ports(count: int) -> list[int]:
    """Return ports that nothing listens on, all different."""
    with ExitStack() as held:
        ports: list[int] = []
        for port in random.sample(_RANGE, len(_RANGE)):
            if len(ports) == count:
                return ports
            if _hold(port, held):
                ports.append(port)
    raise SetupError(f"no {count} free ports between {_RANGE.start} and {_RANGE.stop}")


def require_free(ports: Sequence[int]) -> list[int]:
    """Return the ports themselves; raises SetupError for one that is taken."""
    with ExitStack() as held:
        for port in ports:
            if not _hold(port, held):
                raise SetupError(
                    f"port {port} is taken; stop what listens on it, or use --ports auto"
                )
    return list(ports)


def _hold(port: int, held: ExitStack) -> bool:
    """Bind the port until `held` closes, so that two asked for at once differ."""
    listener = held.enter_context(socket.socket())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        return False
    return True
