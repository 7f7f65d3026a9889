"""Looks for secrets: in text, and in every byte of the images."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from scripts.containers import programs
from services.secrets import table
from tests.compose.stack import Stack

GENERATED = tuple(table.GENERATED)
_PART_BYTES = 1 << 22


def leaks(text: str, secrets: Mapping[str, str]) -> list[str]:
    """Return the names of the secrets that the text holds."""
    return [name for name, value in secrets.items() if value in text]


def images_with_secrets(stack: Stack, secrets: Mapping[str, str]) -> list[str]:
    """Return the names of the secrets that the layers of the stack's images hold."""
    prefix = stack.variables["TAPELINE_IMAGES"]
    images = stack.docker("image", "ls", "--quiet", f"{prefix}/*").split()
    assert images
    needles = {name: value.encode() for name, value in secrets.items()}
    longest = max(map(len, needles.values()))
    command = [programs.require("docker"), "save", *images]
    found: set[str] = set()
    tail = b""
    with subprocess.Popen(command, env=stack.variables, stdout=subprocess.PIPE) as saved:
        assert saved.stdout is not None
        while part := saved.stdout.read(_PART_BYTES):
            found |= {name for name, value in needles.items() if value in tail + part}
            tail = part[-longest:]
    assert saved.returncode == 0
    return sorted(found)
