"""Where Microsoft's JSON schemas of Power BI projects may lie: beside the repository, not in it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SCHEMAS: Final = Path(__file__).parents[2] / "shared" / "powerbi-schemas"


def header() -> str:
    """Return the line that says whether the projects are checked against them in this run."""
    if SCHEMAS.is_dir():
        return f"Power BI's JSON schemas: {SCHEMAS}"
    return f"no {SCHEMAS}: checking against Power BI's JSON schemas is not part of this run"
