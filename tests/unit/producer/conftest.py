"""What the producer's tests begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.producer.harness import OPEN, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a vendor, a broker and a folder, in the middle of a session."""
    return World.at(tmp_path, OPEN)
