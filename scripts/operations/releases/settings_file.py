"""Reads and changes single settings in the text of a .env file, and leaves the rest as it is."""

from __future__ import annotations

import re


def setting(text: str, name: str) -> str:
    """Return the value of the last line that sets NAME; empty if none does."""
    found = re.findall(rf"^{re.escape(name)}=(.*)$", text, re.MULTILINE)
    return found[-1].strip() if found else ""


def with_setting(text: str, name: str, value: str) -> str:
    """Return the text with NAME set to the value, in the place of the line that set it."""
    kept = [line for line in text.splitlines() if not line.startswith(f"{name}=")]
    index = next(
        (number for number, line in enumerate(text.splitlines()) if line.startswith(f"{name}=")),
        len(kept),
    )
    return "\n".join([*kept[:index], f"{name}={value}", *kept[index:]]) + "\n"
