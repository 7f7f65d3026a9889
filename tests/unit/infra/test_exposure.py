"""The predicates that the tests and the policy pack share, on inputs that are wrong."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from infra.config.addresses import is_world_open
from infra.exposure import undeclared_openings, user_data_findings, world_open_findings

WRONG: Mapping[str, Mapping[str, Any]] = {
    "aws:ec2/securityGroup:SecurityGroup": {
        "ingress": [
            {"protocol": "tcp", "fromPort": 20, "toPort": 30, "ipv6CidrBlocks": ["::/0"]},
        ]
    },
    "azure:network/networkSecurityGroup:NetworkSecurityGroup": {
        "securityRules": [
            {
                "direction": "Inbound",
                "access": "Allow",
                "protocol": "*",
                "sourceAddressPrefix": "*",
                "destinationPortRange": "20-30",
            }
        ]
    },
    "digitalocean:index/firewall:Firewall": {
        "inboundRules": [
            {"protocol": "tcp", "portRange": "20-30", "sourceAddresses": ["0.0.0.0/0"]}
        ]
    },
    "gcp:compute/firewall:Firewall": {
        "allows": [{"protocol": "tcp", "ports": ["20-30"]}],
        "sourceRanges": ["0.0.0.0/1", "128.0.0.0/1"],
    },
    "hcloud:index/firewall:Firewall": {
        "rules": [{"direction": "in", "protocol": "tcp", "port": "20-30", "sourceIps": ["::/0"]}]
    },
}


@pytest.mark.parametrize("resource_type", WRONG)
def test_a_range_to_the_world_is_found_on_every_cloud(resource_type: str) -> None:
    inputs = WRONG[resource_type]
    protocol = "*" if resource_type.startswith("azure") else "tcp"
    assert undeclared_openings(resource_type, inputs) == [
        f"opens {protocol} 20-30, which nothing here needs"
    ]
    assert world_open_findings(22, resource_type, inputs) == ["opens 20-30 to the world"]
    assert world_open_findings(5432, resource_type, inputs) == []


def test_a_rule_without_ports_holds_every_port() -> None:
    inputs = {"allows": [{"protocol": "all"}], "sourceRanges": ["0.0.0.0/0"]}
    found = world_open_findings(5432, "gcp:compute/firewall:Firewall", inputs)
    assert found == ["opens all to the world"]


def test_other_resources_open_nothing() -> None:
    assert undeclared_openings("aws:ec2/vpc:Vpc", {"ingress": [{}]}) == []


@pytest.mark.parametrize(
    ("cidrs", "is_open"),
    [
        (["0.0.0.0/0"], True),
        (["::/0"], True),
        (["*"], True),
        (["10.0.0.0/8"], False),
        (["10.0.0.0/7"], True),
        ([f"{first}.0.0.0/8" for first in (1, 3)], True),
        (["203.0.113.0/24", "203.0.113.0/24"], False),
        (["2001:db8::/32"], False),
        ([], False),
    ],
)
def test_the_world_is_what_nobody_owns(cidrs: list[str], is_open: bool) -> None:
    assert is_world_open(cidrs) is is_open


@pytest.mark.parametrize(
    "text",
    ["password: hunter2", "POSTGRES_PASSWORD=x", "api_key", "-----BEGIN RSA PRIVATE KEY-----"],
)
def test_what_looks_like_a_secret_is_found_in_user_data(text: str) -> None:
    assert len(user_data_findings({"userData": f"#cloud-config\n{text}\n"})) == 1


def test_a_secret_in_base64_is_found_too() -> None:
    encoded = base64.b64encode(b"#cloud-config\npassword: hunter2\n").decode()
    assert user_data_findings({"customData": encoded}) == [
        "customData holds what looks like a secret: 'password: h'"
    ]


def test_locking_passwords_is_no_secret() -> None:
    assert user_data_findings({"userData": '{"lock_passwd": true, "ssh_pwauth": false}'}) == []
