"""The clouds and what each takes by default: about 8 GiB of memory, near the middle of Europe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Offer:
    """What a cloud takes where the configuration says nothing, and the extra with its SDK."""

    region: str
    size: str
    image: str
    sdk: str | None = None
    a_month: str = "nothing"
    """What VM, disks and address cost by default, about; another size has another price."""


CATALOG: Final[Mapping[str, Offer]] = {
    "aws": Offer("eu-central-1", "t3.large", "debian-13-amd64-*", "pulumi_aws", "80 $"),
    "azure": Offer(
        "westeurope",
        "Standard_B2as_v2",
        "Debian:debian-13:13-gen2:0.20260914.2601",
        "pulumi_azure",
        "76 $",
    ),
    "gcp": Offer("europe-west1", "e2-standard-2", "debian-cloud/debian-13", "pulumi_gcp", "64 $"),
    "hcloud": Offer("nbg1", "cx33", "debian-13", "pulumi_hcloud", "9 €"),
    "digitalocean": Offer("fra1", "s-4vcpu-8gb", "debian-13-x64", "pulumi_digitalocean", "52 $"),
    "existing": Offer("", "", ""),
    "local": Offer("", "", "tapeline/host", "pulumi_docker"),
}
"""An image is a family, of which a new VM takes and keeps the newest; Azure's is a version."""

RENTED: Final = ("aws", "azure", "gcp", "hcloud", "digitalocean")
"""The clouds where Pulumi makes a VM; the other two stand in for one."""
