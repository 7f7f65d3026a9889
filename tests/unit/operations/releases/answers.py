"""What hosts answer in these tests."""

from __future__ import annotations

from tests.unit.operations.fakes import listed

GOOD = listed(kafka="healthy", secrets="exited 0", stream="healthy")

BAD = listed(kafka="healthy", secrets="exited 0", stream="unhealthy")

READY = "engine=28.5.2\ncompose=2.40.3\ndisk_kb=50000000\nmemory_kb=8000000\n"
