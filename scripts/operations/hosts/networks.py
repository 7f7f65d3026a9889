"""Checks the networks that may come to PostgreSQL, before anything is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from infra.config import addresses
from scripts.operations.errors import OperationError


def network(text: str) -> str:
    """Return an IPv4 network in its normal form. Raises OperationError."""
    return _checked(lambda: [addresses.ipv4_cidr(text)])[0]


def with_network(listed: Sequence[str], cidr: str) -> list[str]:
    """Return the list with the network in it. Raises OperationError."""
    return _checked(lambda: addresses.with_network(listed, cidr))


def without_network(listed: Sequence[str], cidr: str) -> list[str]:
    """Return the list without the network, of which it holds some. Raises OperationError."""
    return _checked(lambda: addresses.without_network(listed, cidr))


def _checked(find: Callable[[], Iterable[str]]) -> list[str]:
    try:
        return list(find())
    except ValueError as error:
        raise OperationError(str(error)) from error
