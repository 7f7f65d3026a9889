"""What Ansible writes for the dashboard under its name, and that it writes nothing without."""

from __future__ import annotations

from typing import Any

import jinja2

from scripts.launcher.paths import ROOT

ROLES = ROOT / "ansible" / "roles"
CLOSED: dict[str, Any] = {
    "ansible_managed": "a test",
    "firewall_ssh_port": 22,
    "firewall_acme": False,
    "firewall_directory": "/etc/tapeline",
    "pipeline_directory": "/opt/tapeline",
    "postgres_edge_directory": "/opt/tapeline",
    "postgres_edge_home": "/opt/certbot",
    "firewall_admin_cidrs": ["198.51.100.7/32"],
    "tapeline_certificate": "own-ca",
    "tapeline_dashboard_cidrs": [],
    "tapeline_domain": "market.example.org",
}
SHOWN = CLOSED | {"tapeline_dashboard_cidrs": ["198.51.100.0/24", "203.0.113.9/32"]}
ACME = {"tapeline_certificate": "acme", "firewall_acme": True}


def rendered(template: str, values: dict[str, Any]) -> list[str]:
    """Return the lines of a template as Ansible writes them."""
    role, _, name = template.partition("/")
    text = (ROLES / role / "templates" / name).read_text("utf-8")
    lines: list[str] = jinja2.Template(text, trim_blocks=True).render(values).splitlines()
    return lines


def let_through(values: dict[str, Any]) -> list[str]:
    """Return what the host's firewall forwards beside PostgreSQL."""
    begin = "meta l4proto tcp ct status dnat ct original proto-dst "
    found = [line.strip() for line in rendered("firewall/firewall.nft.j2", values)]
    return [
        line.removeprefix(begin)
        for line in found
        if line.startswith(begin) and "@powerbi" not in line
    ]


def test_the_firewall_of_the_host_lets_the_list_through_and_the_authority() -> None:
    listed = ["443 ip saddr 198.51.100.0/24 accept", "443 ip saddr 203.0.113.9/32 accept"]
    assert let_through(CLOSED) == []
    assert let_through(CLOSED | ACME) == []
    assert let_through(SHOWN) == listed
    assert let_through(SHOWN | ACME) == [*listed, "80 accept"]
