"""The body of a request that brings a rule: bytes in, a mapping out, and how OpenAPI tells of it.

What a rule may say is checked by the service of alerts alone, by the code that reads its file.
"""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import HTTPException, Request

from services.common.market.bar import INTERVALS

MOST_BYTES: Final = 16_384
_WORDS: Final = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
}
_RULE: Final = {
    "type": "object",
    "title": "AlertRule",
    "description": "A rule as in the file of alerts.",
    "required": ["name", "symbols", "interval", "when"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 120},
        "symbols": {**_WORDS, "description": "One, several, or `all`."},
        "interval": {"type": "string", "enum": list(INTERVALS)},
        "when": {"type": "object", "description": "One condition by its name."},
        "to": {**_WORDS, "description": "Receivers of the file; without it, the page alone."},
        "basis": {"type": "string", "enum": ["as_traded", "split_adjusted", "total_return"]},
        "frequency": {"type": "string", "enum": ["each", "session", "once"]},
        "cool_down": {"type": "string", "description": "Such as 15min or 4h, by times of bars."},
    },
    "additionalProperties": False,
}


BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": _RULE}}}
}
"""What OpenAPI is told of a body that is a rule."""


async def rule_of(request: Request) -> dict[str, Any]:
    """Return the rule in a request's body."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"a rule has at most {MOST_BYTES} bytes")
    try:
        rule = json.loads(body)
    except (ValueError, RecursionError):
        rule = None
    if not isinstance(rule, dict):
        raise HTTPException(422, "the body must be a rule as a JSON object")
    return rule
