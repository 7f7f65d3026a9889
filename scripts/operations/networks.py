"""Checks the networks that may come to PostgreSQL, before anything is changed."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from scripts.operations.errors import OperationError


def network(text: str) -> str:
    """Return an IPv4 network as everybody writes it. Raises OperationError."""
    try:
        return str(ipaddress.IPv4Network(text))
    except ValueError as error:
        raise OperationError(
            f"{text!r} is not an IPv4 network such as 203.0.113.0/24: {error}"
        ) from error


def with_network(listed: Sequence[str], cidr: str) -> list[str]:
    """Return the list with the network in it, in order."""
    return sorted({*listed, network(cidr)})


def without_network(listed: Sequence[str], cidr: str) -> list[str]:
    """Return the list without the network, which must be on it. Raises OperationError."""
    if network(cidr) not in listed:
        raise OperationError(f"{cidr} is not on the list: {', '.join(listed) or 'nobody is'}")
    return sorted({*listed} - {network(cidr)})
