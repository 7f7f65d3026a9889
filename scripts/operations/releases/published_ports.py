"""The ports that Compose publishes on this machine: what its file says in, those that another
program holds out, each with the setting that chooses another."""

from __future__ import annotations

import errno
import json
import re
import socket
from dataclasses import dataclass

from scripts.operations.operation import Operation


@dataclass(frozen=True)
class PublishedPort:
    """Where a service is published; an empty host is every address of the machine."""

    service: str
    setting: str
    host: str
    port: int

    @property
    def elsewhere(self) -> str:
        """A value of the setting that leads to another port."""
        port = one if (one := self.port + 10_000) < 65_536 else self.port - 10_000
        return f"{self.host}:{port}" if self.host else str(port)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.host else f"port {self.port}"


def published(named: str, resolved: str) -> list[PublishedPort]:
    """Return what is published, from `config --format json` without and with the settings in it.

    Services of profiles that are off stand in the first alone.
    """
    settings = {name: one.get("ports", []) for name, one in json.loads(named)["services"].items()}
    found = []
    for name, one in json.loads(resolved)["services"].items():
        for text, port in zip(settings[name], one.get("ports", []), strict=True):
            setting = re.match(r"\$\{([A-Z_]+)", text)
            assert setting is not None  # noqa: S101 - every port of the file has a setting
            host = port.get("host_ip", "")
            found.append(PublishedPort(name, setting[1], host, int(port["published"])))
    return found


def own(listed: str) -> set[int]:
    """Return the ports that this stack's containers hold, from `ps --format json`."""
    lines = (json.loads(line) for line in listed.splitlines() if line.startswith("{"))
    return {held["PublishedPort"] for one in lines for held in one.get("Publishers") or []}


def is_free(one: PublishedPort) -> bool:
    """Return whether nobody listens there. An address that the machine lacks is free as well:
    the engine tells that better."""
    family = socket.AF_INET6 if ":" in one.host else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((one.host, one.port))
            tried.listen(1)
        except PermissionError:
            return True
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def taken(operation: Operation) -> list[str]:
    """Return what keeps this machine's stack from being published, with what to set instead."""
    target = operation.target
    config = ("--format", "json")
    wanted = published(
        operation.run(target.compose("--profile", "*", "config", "--no-interpolate", *config)),
        operation.run(target.compose("config", *config)),
    )
    held = own(operation.run(target.compose("ps", *config)))
    return [
        f"another program listens at {one}, where {one.service} is to be published; "
        f"choose another: {one.setting}={one.elsewhere} in .env"
        for one in wanted
        if one.port not in held and not is_free(one)
    ]
