"""What the README says of the clouds is what the catalogue holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.config.catalog import CATALOG, RENTED
from scripts.installation.python_packages import CLOUDS

README = (Path(__file__).parents[3] / "README.md").read_text("utf-8")


@pytest.mark.parametrize("cloud", RENTED)
def test_the_table_of_costs_names_the_defaults(cloud: str) -> None:
    offer = CATALOG[cloud]
    assert f"| `{cloud}` | `{offer.region}`, `{offer.size}` | 8 GB | {offer.a_month}" in README


def test_every_cloud_can_be_set_up() -> None:
    assert sorted(CATALOG) == list(CLOUDS)
