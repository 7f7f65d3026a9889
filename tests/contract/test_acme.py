"""The command that brings a public certificate, as the Ansible role puts it together."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from scripts.embedded.layout import ROOT

VARIABLES = yaml.safe_load(
    (ROOT / "ansible" / "roles" / "postgres_edge" / "vars" / "main.yml").read_text("utf-8")
)
BEGIN = [
    *("/opt/certbot/bin/certbot", "certonly", "--standalone", "--non-interactive", "--agree-tos"),
    *("--cert-name", "tapeline", "--deploy-hook", "/etc/tapeline/deploy-certificate"),
]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (
            {"tapeline_domain": "db.example.org", "tapeline_acme_email": "ann@example.org"},
            [*BEGIN, "--email", "ann@example.org", "--domain", "db.example.org"],
        ),
        (
            {"ansible_host": "203.0.113.7", "postgres_edge_acme_server": "https://acme/dir"},
            [
                *(*BEGIN, "--register-unsafely-without-email", "--server", "https://acme/dir"),
                *("--ip-address", "203.0.113.7", "--preferred-profile", "shortlived"),
            ],
        ),
    ],
)
def test_the_whole_command(given: dict[str, str], wanted: list[str]) -> None:
    known: dict[str, Any] = {
        "postgres_edge_home": "/opt/certbot",
        "postgres_edge_acme_server": "",
        "tapeline_domain": "",
        "tapeline_acme_email": "",
    }
    known |= given
    environment = NativeEnvironment()
    for name in ("postgres_edge_subject", "postgres_edge_command"):
        known[name] = environment.from_string(VARIABLES[name]).render(known)
    assert known["postgres_edge_command"] == wanted
