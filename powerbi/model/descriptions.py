"""What a column of a view means, in the words of the database.

scripts/generate takes them from the heads of sql/views, as COMMENT ON does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("column_descriptions.json")
_BY_VIEW: Final[dict[str, dict[str, str]]] = json.loads(FILE.read_text("utf-8"))


def described(view: str, column: str) -> str:
    """Return the description of a column, empty if there is none."""
    return _BY_VIEW.get(view, {}).get(column, "")
