"""A provider's properties as Python values: protobuf's Struct in, plain values out, and back."""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends in a preview where a value is not known yet."""

Values = dict[str, Any]


def read(properties: Struct) -> Values:
    """Return the values, secrets still marked; whole numbers are integers."""
    found: Values = _whole(json_format.MessageToDict(properties))
    return found


def write(values: Values) -> Struct:
    """Return the values as the engine takes them."""
    return json_format.ParseDict(values, Struct())


def secret(value: Any) -> Values:
    """Return the value, marked as a secret."""
    return {SIGNATURE: _SECRET, "value": value}


def plain(value: Any) -> Any:
    """Return the value without the marks of secrets."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == _SECRET:
            return plain(value["value"])
        return {name: plain(part) for name, part in value.items() if name != "__defaults"}
    return [plain(part) for part in value] if isinstance(value, list) else value


def has_unknown(value: Any) -> bool:
    """Return whether a part of the value is not known yet."""
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    return any(map(has_unknown, value)) if isinstance(value, list) else value == UNKNOWN


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_whole(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
