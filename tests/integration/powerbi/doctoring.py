"""What the doctor finds at an endpoint, as the tests compare it."""

from __future__ import annotations

from datetime import UTC, datetime

from powerbi.doctor.examine import examine
from powerbi.doctor.findings import Finding, fault
from powerbi.doctor.observations import Target

READER = "powerbi_reader"


def findings(target: Target, slow_seconds: float = 60.0) -> list[Finding]:
    return [*examine(target, datetime.now(UTC), slow_seconds)]


def faults(target: Target, slow_seconds: float = 60.0) -> list[tuple[str, str]]:
    """Return name and detail of each fault; the words are those of FAULTS."""
    found = [item for item in findings(target, slow_seconds) if item.level == "fault"]
    assert found == [fault(item.name, item.detail) for item in found]
    return [(item.name, item.detail) for item in found]
