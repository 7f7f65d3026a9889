"""The network that a name of this container is on, from the kernel's table of routes."""

from __future__ import annotations

import sys

import pytest

from services.dashboard import container_network

ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth1\t00000000\t010013AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth1\t000013AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth1\t000014AC\t010013AC\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
eth2\t60D9A8C0\t00000000\t0001\t0\t0\t0\tF0FFFFFF\t0\t0\t0
"""
little_endian = pytest.mark.skipif(sys.byteorder != "little", reason="the table is one of those")


@little_endian
@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("172.18.0.4", "172.18.0.0/16"),
        ("172.19.0.2", "172.19.0.0/16"),
        ("192.168.217.98", "192.168.217.96/28"),
    ],
)
def test_the_network_beside_it(address: str, network: str) -> None:
    assert str(container_network.network_of(address, ROUTES)) == network


@little_endian
@pytest.mark.parametrize("address", ["172.20.0.2", "192.168.217.112", "127.0.0.1", "8.8.8.8"])
def test_what_is_behind_a_gateway_is_no_neighbour(address: str) -> None:
    with pytest.raises(ValueError, match="network"):
        container_network.network_of(address, ROUTES)
