"""Address ranges: what people write in, networks out, and which of them nobody can own alone.

The settings, the tests and the policy pack judge by the same functions.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

WIDEST_PREFIX: Final = {4: 8, 6: 20}
"""The widest block of one owner, in bits; a wider range, or a sum of ranges, is the world."""


def parse_cidr(text: str) -> Network:
    """Return the network of `text`; a bare address stands for itself. Raises ValueError."""
    try:
        interface = ipaddress.ip_interface(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no address range") from error
    if interface.ip != interface.network.network_address:
        raise ValueError(f"{text} is an address inside of the range {interface.network}")
    return interface.network


def is_world_open(cidrs: Iterable[str]) -> bool:
    """Return whether the ranges, taken together, hold more than anyone could own."""
    networks = [parse_cidr("0.0.0.0/0" if cidr in ("*", "Internet") else cidr) for cidr in cidrs]
    return any(_is_wide([n for n in networks if n.version == version]) for version in (4, 6))


def _is_wide(networks: list[Network]) -> bool:
    """Two halves of the world are the world: what counts is the number of addresses."""
    if not networks:
        return False
    version = networks[0].version
    bits = networks[0].max_prefixlen
    merged: Iterable[Network] = ipaddress.collapse_addresses(networks)  # type: ignore[type-var]
    widest: int = 2 ** (bits - WIDEST_PREFIX[version])
    return sum(network.num_addresses for network in merged) > widest
