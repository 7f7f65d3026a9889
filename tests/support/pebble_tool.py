"""Brings Pebble, Let's Encrypt's small authority for trials, and the DNS server that belongs to it.

They are built once from their pinned Go module, into the user's cache.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from scripts.containers import go_tool
from scripts.launcher.paths import ROOT, user_cache
from scripts.launcher.progress import say

MODULE = ROOT / "tests" / "support" / "pebble"
_PACKAGE = "github.com/letsencrypt/pebble/v2"
_NAMES = ("pebble", "pebble-challtestsrv")


def pebble(variables: Mapping[str, str]) -> list[Path]:
    """Return Pebble and its DNS server, of the pinned version. Raises SetupError."""
    wanted = go_tool.pinned(MODULE, _PACKAGE)
    kept = [user_cache(variables) / f"{name}-{wanted}" for name in _NAMES]
    if not all(program.exists() for program in kept):
        say(f"building Pebble {wanted} from its Go module (once, a minute)")
        kept[0].parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept[0].parent) as fresh:
            for name, program in zip(_NAMES, kept, strict=True):
                package = f"{_PACKAGE}/cmd/{name}"
                go_tool.build(Path(fresh) / name, MODULE, package, variables).replace(program)
    return kept
