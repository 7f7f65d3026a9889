"""The schema of the Bar event as the contract tests use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "services/common/market/bar.schema.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)


def whole(pattern: str) -> str:
    """Return the pattern as the schema writes it: a whole text, in any dialect.

    In Python `$` would forgive a line feed at the end; this tail does not.
    """
    return rf"^(?:{pattern})(?![\s\S])"


def fits(text: bytes) -> bool:
    """Return whether `text` is UTF-8 JSON, and nothing after it, that fits the schema."""
    try:
        document = json.loads(text.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return VALIDATOR.is_valid(document)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
