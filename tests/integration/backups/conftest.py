"""A server for each test of backups: each breaks it in a way of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.backups.server import Archived


@pytest.fixture
def archived(tmp_path: Path) -> Iterator[Archived]:
    """Run a migrated server whose repository is a folder beside it."""
    server = Archived(tmp_path)
    server.to(str(tmp_path / "repository"))
    server.initialize()
    try:
        server.start()
        server.migrate()
        yield server
    finally:
        server.stop()
