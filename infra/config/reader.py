"""Reads values of `pulumi config` by their keys: text in, a value of its kind or an error out.

A wrong value raises `SettingError`, whose one line names the key and the command that fixes it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from infra.config.addresses import normal_form, parse_cidr, split
from infra.config.config_keys import KEYS

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/*-]*")


class SettingError(Exception):
    """The configuration is wrong; the message is one line for the person who set it."""


@dataclass(frozen=True)
class Reader:
    """What `pulumi config` holds, with the defaults of the keys."""

    values: Mapping[str, str]

    def text(self, key: str) -> str:
        """Return what is set, or the default."""
        return self.values.get(key, KEYS[key].default_text).strip()

    def refuse_what_means_nothing(self, cloud: str) -> None:
        """Raise SettingError for a key that is set and is of other clouds."""
        for name, key in KEYS.items():
            if key.clouds and cloud not in key.clouds and self.text(name) != key.default_text:
                raise SettingError(
                    f"{name} is for {', '.join(key.clouds)}, and cloud is {cloud}: "
                    f"pulumi config rm {name}"
                )

    def required(self, key: str) -> str:
        """Return what must be set. Raises SettingError."""
        value = self.text(key)
        if not value:
            raise SettingError(f"{key} is not set: {KEYS[key].description} {remedy(key)}")
        return value

    def choice(self, key: str, allowed: Collection[str]) -> str:
        """Return one of those allowed. Raises SettingError."""
        value = self.required(key)
        if value not in allowed:
            raise SettingError(f"{key} is {value!r}; it must be one of {', '.join(allowed)}")
        return value

    def name(self, key: str, default: str) -> str:
        """Return a name as clouds give them. Raises SettingError."""
        value = self.text(key) or default
        if value and not _NAME.fullmatch(value):
            raise SettingError(f"{key} is {value!r}, which is no name; {remedy(key)}")
        return value

    def flag(self, key: str) -> bool:
        """Return a yes or no. Raises SettingError."""
        return self.choice(key, ("true", "false")) == "true"

    def whole_number(self, key: str, least: int, most: int) -> int:
        """Return a number within bounds. Raises SettingError."""
        value = self.text(key)
        if not re.fullmatch(r"\d{1,9}", value) or not least <= int(value) <= most:
            raise SettingError(f"{key} is {value!r}; it must be a number from {least} to {most}")
        return int(value)

    def cidrs(self, key: str, why_ipv4: str) -> tuple[str, ...]:
        """Return networks; only of IPv4 where there is a reason why. Raises SettingError."""
        found = []
        for part in split(self.text(key)):
            try:
                network = parse_cidr(part)
            except ValueError as error:
                raise SettingError(f"{key}: {error}; {remedy(key)}") from error
            if why_ipv4 and network.version != 4:
                raise SettingError(f"{key}: {part} is IPv6, and {why_ipv4}; {remedy(key)}")
            found.append(part)
        return normal_form(found)


def remedy(key: str) -> str:
    """Return the command that sets the key."""
    example = KEYS[key].example
    secret = "--secret " if KEYS[key].secret else ""
    return f"such as: pulumi config set {secret}{key} {example}"
