"""Tells the network on which this container has a name.

`python -m services.dashboard.container_network NAME` prints it. The proxies on a network that
nobody else is on can be believed by it, whatever addresses they have by now.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from pathlib import Path
from typing import Final

_ROUTES: Final = Path("/proc/net/route")
_DIRECT: Final = "00000000"


def network_of(address: str, routes: str) -> ipaddress.IPv4Network:
    """Return the network beside this container that holds the address, from the kernel's table of
    routes. Raises ValueError.
    """
    wanted = ipaddress.IPv4Address(address)
    for line in routes.splitlines()[1:]:
        _, destination, gateway, _, _, _, _, mask, *_ = line.split()
        network = ipaddress.IPv4Network((_address(destination), _address(mask)))
        if gateway == _DIRECT and network.prefixlen > 0 and wanted in network:
            return network
    raise ValueError(f"{address} is on no network of this container")


def _address(hexadecimal: str) -> str:
    """The kernel writes the four bytes as one number of the machine's own order."""
    return socket.inet_ntoa(struct.pack("=I", int(hexadecimal, 16)))


def main() -> int:
    """Print the network; return the exit code."""
    [name] = sys.argv[1:]
    try:
        print(network_of(socket.gethostbyname(name), _ROUTES.read_text("ascii")))  # noqa: T201
    except (OSError, ValueError) as error:
        print(f"dashboard: the network of {name}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
