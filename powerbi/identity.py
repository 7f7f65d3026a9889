"""Names in, identifiers out, so that a second build tags every object like the first one."""

from __future__ import annotations

import uuid

_TAPELINE = uuid.uuid5(uuid.NAMESPACE_URL, "https://tapeline.invalid/powerbi")


def tag(*path: str) -> str:
    """Return the UUID of the object at this path, such as ("table", "Bars", "close")."""
    return str(uuid.uuid5(_TAPELINE, "/".join(path)))
