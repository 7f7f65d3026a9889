"""A value that must never be printed: passwords and API keys travel inside it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Secret:
    """A text whose `repr` and `str` show nothing of it; `reveal()` is the only way in."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        """Return the secret itself; call it only where the value is handed to its consumer."""
        return self._value

    def __str__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._value)

    def redact(self, text: str) -> str:
        """Return `text` with every occurrence of the secret replaced by `***`."""
        return text.replace(self._value, "***") if self._value else text
