"""Declares settings, and reads them out of environment variables.

What comes in is a mapping such as `os.environ`, what goes out are checked values. A wrong
value raises `SettingError`, whose one line names the variable and says what would be right.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from services.common.secret import Secret

_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class SettingError(Exception):
    """A setting is missing or wrong; the message is one line for the person who set it."""


@dataclass(frozen=True)
class Environment:
    """Typed reads over a mapping of environment variables. An empty value counts as unset."""

    variables: Mapping[str, str]

    def text(self, name: str, default: str | None = None) -> str:
        """Return the variable as text; without a default it must be set."""
        value = self.variables.get(name, "").strip()
        if value:
            return value
        if default is None:
            raise SettingError(f"{name} is not set, and there is no default for it")
        return default

    def integer(self, name: str, default: int, minimum: int, maximum: int) -> int:
        """Return a whole number within [minimum, maximum]."""
        raw = self.text(name, str(default))
        if not re.fullmatch(r"[+-]?\d{1,18}", raw) or not minimum <= int(raw) <= maximum:
            raise SettingError(
                f"{name} is {raw!r}; it must be a whole number from {minimum} to {maximum}"
            )
        return int(raw)

    def number(self, name: str, default: float, minimum: float, maximum: float) -> float:
        """Return a finite number within [minimum, maximum]."""
        raw = self.text(name, str(default))
        try:
            value = float(raw)
        except ValueError:
            value = math.nan
        if not minimum <= value <= maximum:
            raise SettingError(
                f"{name} is {raw!r}; it must be a number from {minimum} to {maximum}"
            )
        return value

    def choice(self, name: str, default: str, allowed: Collection[str]) -> str:
        """Return one of `allowed`."""
        value = self.text(name, default)
        if value not in allowed:
            raise SettingError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return a boolean written as true or false."""
        return self.choice(name, "true" if default else "false", ("true", "false")) == "true"

    def words(self, name: str, default: str) -> tuple[str, ...]:
        """Return the parts of a comma-separated list, without blanks and repeats, in order."""
        parts = (part.strip() for part in self.text(name, default).split(","))
        return tuple(dict.fromkeys(part for part in parts if part))

    def path(self, name: str, default: str | None = None) -> Path:
        """Return the variable as a path; it need not exist."""
        return Path(self.text(name, default))

    def secret(self, name: str, default: str | None = None) -> Secret:
        """Return NAME, or the content of the file that NAME_FILE points to (the file wins)."""
        file_name = self.text(f"{name}_FILE", "")
        if not file_name:
            return Secret(self.text(name, default))
        try:
            content = Path(file_name).read_bytes()
            if content.startswith(_BYTE_ORDER_MARKS):
                raise SettingError(
                    f"{name}_FILE points to {file_name}, which begins with a byte order mark; save "
                    "it as plain text, UTF-8 without that mark"
                )
            value = content.decode("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(
                f"{name}_FILE points to {file_name}, which cannot be read: {type(error).__name__}"
            ) from None
        if not value and default is None:
            raise SettingError(f"{name}_FILE points to {file_name}, which is empty")
        return Secret(value)


Value_co = TypeVar("Value_co", covariant=True)


@dataclass(frozen=True)
class Shape:
    """What a text looks like: a pattern for the whole of it, or with `each` for every word of a
    list. It is judged before a host is rented; the service that reads the setting may know more."""

    pattern: str
    described: str
    each: bool = False


@dataclass(frozen=True)
class Setting(Generic[Value_co]):
    """A setting as it is declared, once: `--help`, .env.example and docs/configuration.md are made
    of it. One that is `internal` is for tests and measurements, and for no document."""

    name: str
    help: str
    default: object = None
    """None: it must be given."""
    internal: bool = field(default=False, kw_only=True)

    @property
    def default_text(self) -> str:
        """Return the default as a person would write it."""
        if self.default is None:
            return ""
        if isinstance(self.default, bool):
            return "true" if self.default else "false"
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)

    def read(self, env: Environment) -> Value_co:
        """Return the checked value. Raises SettingError."""
        raise NotImplementedError


@dataclass(frozen=True)
class Text(Setting[str]):
    """Any text."""

    default: str | None = None
    shape: Shape | None = None

    def read(self, env: Environment) -> str:
        return env.text(self.name, self.default)


@dataclass(frozen=True)
class Integer(Setting[int]):
    """A whole number within bounds."""

    default: int = 0
    minimum: int = 0
    maximum: int = 0

    def read(self, env: Environment) -> int:
        return env.integer(self.name, self.default, self.minimum, self.maximum)


@dataclass(frozen=True)
class Number(Setting[float]):
    """A finite number within bounds."""

    default: float = 0.0
    minimum: float = 0.0
    maximum: float = 0.0

    def read(self, env: Environment) -> float:
        return env.number(self.name, self.default, self.minimum, self.maximum)


@dataclass(frozen=True)
class Choice(Setting[str]):
    """One of a few words."""

    default: str = ""
    allowed: tuple[str, ...] = ()

    def read(self, env: Environment) -> str:
        return env.choice(self.name, self.default, self.allowed)


@dataclass(frozen=True)
class Flag(Setting[bool]):
    """true or false."""

    default: bool = False

    def read(self, env: Environment) -> bool:
        return env.flag(self.name, self.default)


@dataclass(frozen=True)
class Words(Setting[tuple[str, ...]]):
    """A list with commas in between."""

    default: str = ""
    shape: Shape | None = None

    def read(self, env: Environment) -> tuple[str, ...]:
        return env.words(self.name, self.default)


@dataclass(frozen=True)
class Folder(Setting[Path]):
    """A path that is always needed."""

    default: str = ""

    def read(self, env: Environment) -> Path:
        return env.path(self.name, self.default)


@dataclass(frozen=True)
class File(Setting["Path | None"]):
    """The path of a file, or none."""

    default: str = ""

    def read(self, env: Environment) -> Path | None:
        text = env.text(self.name, self.default)
        return Path(text) if text else None


@dataclass(frozen=True)
class SecretText(Setting[Secret]):
    """A password or a key, which may stand in the file that NAME_FILE names."""

    default: str | None = None

    def read(self, env: Environment) -> Secret:
        return env.secret(self.name, self.default)
