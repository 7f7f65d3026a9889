"""The catalogue of clouds, and the set-up of each."""

from __future__ import annotations

from infra.config.catalog import CATALOG
from scripts.installation.python_packages import CLOUDS


def test_every_cloud_can_be_set_up() -> None:
    assert sorted(CATALOG) == list(CLOUDS)
