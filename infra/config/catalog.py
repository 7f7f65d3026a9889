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
    instead: str = ""
    """What to set where the cloud refuses the size: an account's plan, a quota, nothing left."""


CATALOG: Final[Mapping[str, Offer]] = {
    "aws": Offer(
        "eu-central-1",
        "t3.large",
        "debian-13-amd64-*",
        "pulumi_aws",
        "80 $",
        "accounts on the free plan take size m7i-flex.large (8 GB)",
    ),
    "azure": Offer(
        "westeurope",
        "Standard_B2as_v2",
        "Debian:debian-13:13-gen2:0.20260914.2601",
        "pulumi_azure",
        "76 $",
        "new subscriptions meet SkuNotAvailable or a quota of 0; az vm list-skus --location REGION "
        "--resource-type virtualMachines --output table lists what is free, such as size "
        "Standard_D2as_v5 (8 GB), and the portal raises a quota",
    ),
    "gcp": Offer(
        "europe-west1",
        "e2-standard-2",
        "debian-cloud/debian-13",
        "pulumi_gcp",
        "64 $",
        "a new project needs gcloud services enable compute.googleapis.com; where nothing is left, "
        "size n2-standard-2 (8 GB) or region europe-west4",
    ),
    "hcloud": Offer(
        "nbg1",
        "cx33",
        "debian-13",
        "pulumi_hcloud",
        "9 €",
        "where it is sold out (resource_unavailable), region hel1 or fsn1, or size cpx32 (8 GB)",
    ),
    "digitalocean": Offer(
        "fra1",
        "s-4vcpu-8gb",
        "debian-13-x64",
        "pulumi_digitalocean",
        "52 $",
        "where it is not available, region ams3, or size s-4vcpu-8gb-amd",
    ),
    "existing": Offer("", "", ""),
    "local": Offer("", "", "tapeline/host", "pulumi_docker"),
}
"""An image is a family, of which a new VM takes and keeps the newest; Azure's is a version."""

RENTED: Final = ("aws", "azure", "gcp", "hcloud", "digitalocean")
"""The clouds where Pulumi makes a VM; the other two stand in for one."""


def if_refused(region: str, size: str, cloud: str) -> str:
    """Return what to do where the cloud refuses the size, in a line."""
    return (
        f"if {cloud} refuses {size} in {region}: {CATALOG[cloud].instead}. Set it (pulumi config "
        "set size NAME, or region NAME) and run pulumi up again"
    )
