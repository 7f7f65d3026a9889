"""An import of files without Spark, in a process that may be killed: what an executor runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from services.common import fail_points
from services.stream.files.layout import Answers
from services.stream.files.recognise import recognise
from services.stream.importing.sources import read_known, sources
from services.stream.importing.task import Target, import_files
from services.stream.sink import postgres

ANSWERS = Answers(
    symbol="AAPL", interval="1min", zone="America/New_York", label="start", basis="raw"
)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def run(paths: Sequence[Path], target: Target, fail_at: str = "") -> list[dict[str, object]]:
    """Import files in their order; return the reports."""
    fail_points.arm(fail_at)
    session = postgres.connect(target.address, "test")
    known = read_known(session)
    session.close()
    found = sources([(path, recognise(path, ANSWERS)) for path in paths], known, NOW)
    return [asdict(report) for report in import_files(found, target)(range(len(found)))]
