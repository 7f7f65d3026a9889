"""What Ansible and Fabric read: outputs as JSON in, one object or one clear line out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.outputs import SECRETS, OutputsError, StackOutputs, from_json

FOUND: dict[str, Any] = {
    "stack": "dev",
    "cloud": "hcloud",
    "address": "203.0.113.80",
    "ssh_user": "tapeline",
    "ssh_port": 22.0,
    "ssh_identity_file": "~/.ssh/market",
    "host_key": "203.0.113.80 ssh-ed25519 AAAA",
    "data_volume_device": "/dev/disk/by-id/scsi-0HC_Volume_1",
    "take_over_host": False,
    "domain": "market.example.org",
    "certificate": "acme",
    "acme_email": "you@example.org",
    "admin_cidrs": ["203.0.113.7/32"],
    "powerbi_cidrs": [],
    "dashboard_cidrs": ["198.51.100.0/24"],
    "backup_target": "/backups",
    "backup_known_hosts": "",
    "settings": {"SYMBOLS": "AAPL"},
    "build_ca": "",
    "data_volume_gb": 40.0,
    "secrets": {name: f"hidden-{name}" for name in SECRETS},
}


def test_the_outputs_are_read_whole() -> None:
    assert from_json(json.dumps({**FOUND, "later": 1})) == StackOutputs(
        stack="dev",
        cloud="hcloud",
        address="203.0.113.80",
        ssh_user="tapeline",
        ssh_port=22,
        ssh_identity_file="~/.ssh/market",
        host_key="203.0.113.80 ssh-ed25519 AAAA",
        data_volume_device="/dev/disk/by-id/scsi-0HC_Volume_1",
        take_over_host=False,
        domain="market.example.org",
        certificate="acme",
        acme_email="you@example.org",
        admin_cidrs=("203.0.113.7/32",),
        powerbi_cidrs=(),
        dashboard_cidrs=("198.51.100.0/24",),
        backup_target="/backups",
        backup_known_hosts="",
        settings={"SYMBOLS": "AAPL"},
        build_ca="",
        data_volume_gb=40,
        secrets=FOUND["secrets"],
    )


def test_printing_the_outputs_shows_no_secret() -> None:
    assert "hidden" not in repr(from_json(json.dumps(FOUND)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the stack outputs are not JSON; run `pulumi up` first"),
        ("[]", "the stack has no output stack, cloud, address, "),
        (json.dumps({**FOUND, "secrets": "[secret]"}), "the stack's secrets are masked or not"),
        (json.dumps({**FOUND, "secrets": {}}), "the stack's secrets are masked or not"),
    ],
)
def test_what_is_not_the_outputs_is_told(text: str, message: str) -> None:
    with pytest.raises(OutputsError) as fault:
        from_json(text)
    assert str(fault.value).startswith(message)
