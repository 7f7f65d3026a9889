"""JSON values in, the text of a file out: always the same bytes for the same value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


def json_text(value: Json) -> str:
    """Return the value as indented JSON with a last line break; keys stay in their order."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
