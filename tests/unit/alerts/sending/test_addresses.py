"""Which addresses nothing is sent to, whatever name stood for them."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from services.alerts.sending.addresses import RefusedAddressError, guarded, refusal


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("127.0.0.1", "this machine's own"),
        ("127.255.0.9", "this machine's own"),
        ("::1", "this machine's own"),
        ("::ffff:127.0.0.1", "this machine's own"),
        ("64:ff9b::7f00:1", "this machine's own"),
        ("2002:7f00:1::", "this machine's own"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("0.0.0.0", "private"),  # noqa: S104 - it is refused
        ("255.255.255.255", "private"),
        ("224.0.0.1", "private"),
        ("fd00::1", "private"),
        ("::", "private"),
    ],
)
def test_an_address_that_is_refused(address: str, why: str) -> None:
    assert why in (refusal(ipaddress.ip_address(address)) or "")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet(address: str) -> None:
    assert refusal(ipaddress.ip_address(address)) is None


def test_a_socket_is_held_back_whoever_opens_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = server.getsockname()
        with guarded(allow_private=False):
            with pytest.raises(RefusedAddressError, match="this machine's own"):
                socket.create_connection(("localhost", place[1]))
            with socket.socket(type=socket.SOCK_DGRAM) as far, pytest.raises(RefusedAddressError):
                far.sendto(b"x", place)
            with socket.socket() as raw, pytest.raises(RefusedAddressError, match="not resolved"):
                raw.connect(("localhost", place[1]))
            with socket.socket(socket.AF_UNIX) as local, pytest.raises(RefusedAddressError):
                local.connect("/nowhere")
        with guarded(allow_private=True):
            socket.create_connection(place).close()
        socket.create_connection(place).close()
