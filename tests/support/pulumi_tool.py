"""Brings the pinned Pulumi command line, the engine with it, built once from its Go module.

Pulumi publishes it on servers of its own and on no package registry. Its language hosts and the
providers' plugins are no Go modules.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scripts.containers import go_tool
from scripts.launcher.paths import ROOT, user_cache
from scripts.launcher.progress import say

MODULE = ROOT / "tests" / "support" / "pulumi"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3"
_VERSION_VARIABLES = (
    # The Automation API refuses an engine that does not say its version.
    "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
    f"{PACKAGE}/version.Version",
)


def pulumi(variables: Mapping[str, str]) -> Path:
    """Return a Pulumi program of the pinned version. Raises SetupError."""
    wanted = go_tool.pinned(MODULE, PACKAGE)
    program = user_cache(variables) / f"pulumi-{wanted}"
    program.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(program.parent):
        if not program.exists():
            say(f"building Pulumi {wanted} from its Go module (once, some minutes)")
            with tempfile.TemporaryDirectory(dir=program.parent) as fresh:
                _build(Path(fresh), wanted, variables).replace(program)
    return program


def _build(folder: Path, wanted: str, variables: Mapping[str, str]) -> Path:
    stamp = " ".join(f"-X {variable}={wanted}" for variable in _VERSION_VARIABLES)
    program, package = folder / "pulumi", f"{PACKAGE}/cmd/pulumi"
    # Each call derives a key of the passphrase, which takes twice as long without.
    return go_tool.build(program, MODULE, package, variables, stamp, optimized="std")


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Several processes of a test run may want it at once."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
