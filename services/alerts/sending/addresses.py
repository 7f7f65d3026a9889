"""Keeps what sends from reaching into private networks.

What is checked is the address that a socket is about to connect to, whatever name stood for it and
whichever library connects: a name that is checked first can mean another address a moment later.
"""

from __future__ import annotations

import contextlib
import ipaddress
import sys
import threading
from collections.abc import Iterator
from typing import Any, Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_EVENTS: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_ACTIVE: Final = threading.local()


class RefusedAddressError(OSError):
    """A receiver's name stands for an address that is not sent to."""


def refusal(address: Address) -> str | None:
    """Return why nothing is sent to an address, or None if it is one of the public Internet."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return refusal(inner)
    if address.is_loopback:
        return "the address is this machine's own"
    if address.is_link_local:
        return "the address is link-local, as those of clouds' metadata are"
    if address.is_multicast or not address.is_global:
        return "the address is private"
    return None


@contextlib.contextmanager
def guarded(*, allow_private: bool) -> Iterator[None]:
    """Refuse private addresses to what this thread connects to meanwhile.

    Raises RefusedAddressError there, which is an OSError.
    """
    _install()
    _ACTIVE.guarded = not allow_private
    try:
        yield
    finally:
        _ACTIVE.guarded = False


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _EVENTS or not getattr(_ACTIVE, "guarded", False):
        return
    where = arguments[1]
    if not isinstance(where, tuple):
        raise RefusedAddressError("a socket of this machine is not sent to")
    try:
        address = ipaddress.ip_address(str(where[0]).partition("%")[0])
    except ValueError:
        raise RefusedAddressError("a name was not resolved before it was connected to") from None
    if (why := refusal(address)) is not None:
        raise RefusedAddressError(why)


_INSTALLED: Final = threading.Lock()


def _install() -> None:
    """Look at every connection from now on: a hook can be added once, and never removed."""
    if _INSTALLED.acquire(blocking=False):
        sys.addaudithook(_look)
