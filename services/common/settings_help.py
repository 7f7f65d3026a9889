"""What `--help` says of a service's settings: declarations in, lines out."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from services.common import shared_settings
from services.common.settings import SecretText, Setting

_WIDTH = 98


def declared(namespace: Mapping[str, object]) -> tuple[Setting[Any], ...]:
    """Return the settings of a module, given its `vars`: its own, then those it shares."""
    found = [value for value in namespace.values() if isinstance(value, Setting)]
    shared = vars(shared_settings).values()
    return tuple(sorted(found, key=lambda setting: any(setting is other for other in shared)))


def settings_help(namespace: Mapping[str, object]) -> str:
    """Return the lines of `--help` for the settings of a module, given its `vars`."""
    listed = [setting for setting in declared(namespace) if not setting.internal]
    head = "settings (environment variables; * may also be a file, named by NAME_FILE):"
    return "\n".join((head, *(_entry(setting) for setting in listed)))


def _entry(setting: Setting[Any]) -> str:
    star = " *" if isinstance(setting, SecretText) else ""
    default = f" [{setting.default_text}]" if setting.default_text else ""
    text = textwrap.fill(
        f"{setting.help}{default}", _WIDTH, initial_indent="      ", subsequent_indent="      "
    )
    return f"  {setting.name}{star}\n{text}"
