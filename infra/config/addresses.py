"""Which networks may come: what people write in, one normal form out, and no more than one owns.

Whatever takes such a list judges it by this file: Pulumi's settings and policies, the commands, the
host's tapeline-access, which has it beside it, and the service `secrets`, which runs it as a
program: addresses.py LIST WORDS. It needs the standard library alone.
"""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

WIDEST_PREFIX: Final = {4: 8, 6: 20}
"""The widest block of one owner, in bits; more addresses than it has are the world."""
WORLD_OPEN_WORDS: Final = "yes, from anywhere"


def parse_cidr(text: str) -> Network:
    """Return the network of `text`; a bare address stands for itself. Raises ValueError.

    An address with the width of a network is refused: it may be meant for the one or the other.
    """
    try:
        interface = ipaddress.ip_interface(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no address range such as 203.0.113.0/24") from error
    if interface.ip != interface.network.network_address:
        raise ValueError(
            f"{text} is an address inside of the range {interface.network}: "
            f"write {interface.network} for all of it, or {interface.ip} for the one address"
        )
    return interface.network


def ipv4_cidr(text: str) -> str:
    """Return the one IPv4 network in its normal form. Raises ValueError."""
    network = parse_cidr(text)
    if network.version != 4:
        raise ValueError(f"{text} is IPv6, and PostgreSQL is published on IPv4 alone")
    return str(network)


def split(text: str) -> list[str]:
    """Return the parts of a list, which stand between commas or blanks."""
    return [part for part in re.split(r"[,\s]+", text) if part]


def normal_form(cidrs: Iterable[str]) -> tuple[str, ...]:
    """Return the fewest networks that hold the same addresses, in order. Raises ValueError."""
    networks = [parse_cidr(cidr) for cidr in cidrs]
    return tuple(str(network) for version in (4, 6) for network in _merged(networks, version))


def with_network(listed: Sequence[str], cidr: str) -> tuple[str, ...]:
    """Return the list with all of the network. Raises ValueError."""
    return normal_form([*listed, cidr])


def without_network(listed: Sequence[str], cidr: str) -> tuple[str, ...]:
    """Return the list without any address of the network. Raises ValueError.

    An entry that is no range is taken off as it is written, and by no other way.
    """
    kept = [entry for entry in listed if entry != cidr]
    if len(kept) < len(listed):
        return normal_form(kept)
    removed = parse_cidr(cidr)
    networks = [parse_cidr(entry) for entry in listed]
    if not any(network.overlaps(removed) for network in networks):
        raise ValueError(f"{cidr} is not on the list: {', '.join(listed) or 'nobody is'}")
    return normal_form(str(rest) for network in networks for rest in _outside(network, removed))


def is_world_open(cidrs: Iterable[str]) -> bool:
    """Return whether the ranges, taken together, hold more addresses than one owner could have.

    Two halves of the world are the world: what counts is the number of addresses.
    """
    networks = [parse_cidr("0.0.0.0/0" if cidr in ("*", "Internet") else cidr) for cidr in cidrs]
    return any(
        sum(network.num_addresses for network in _merged(networks, version)) > 2 ** (bits - widest)
        for (version, widest), bits in zip(WIDEST_PREFIX.items(), (32, 128), strict=True)
    )


def refuse_world(cidrs: Sequence[str], words: str, remedy: str) -> None:
    """Raise ValueError for a list that holds the world, unless the words were said."""
    if is_world_open(cidrs) and words != WORLD_OPEN_WORDS:
        raise ValueError(
            f"{', '.join(cidrs)} opens the database to more addresses than a /8 has; name the "
            f"networks of the people who use it, or {remedy}: {WORLD_OPEN_WORDS}"
        )


def _merged(networks: Iterable[Network], version: int) -> Iterable[Network]:
    same = [network for network in networks if network.version == version]
    return ipaddress.collapse_addresses(same)  # type: ignore[type-var]


def _outside(network: Network, removed: Network) -> Iterable[Network]:
    if not network.overlaps(removed):
        return (network,)
    if network.subnet_of(removed):  # type: ignore[arg-type]
        return ()
    return network.address_exclude(removed)  # type: ignore[arg-type]


def main(text: str, words: str) -> int:
    """Print the networks of PostgreSQL's list, one a line; return the exit code."""
    try:
        listed = normal_form(ipv4_cidr(part) for part in split(text))
        refuse_world(listed, words, "set POWERBI_WORLD_OPEN to")
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("".join(f"{cidr}\n" for cidr in listed))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
