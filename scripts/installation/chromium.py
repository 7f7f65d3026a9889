"""Finds the browser that the tests of the web page drive, and installs it where that may be done.

Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping

from scripts.launcher.errors import SetupError
from scripts.launcher.progress import say

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_INSTALL = ["apt-get", "install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]


def find_chromium(variables: Mapping[str, str]) -> str | None:
    """Return the path of a Chromium, or None."""
    found = (shutil.which(name, path=variables.get("PATH")) for name in PROGRAMS)
    return next((path for path in found if path), None)


def require_chromium(variables: Mapping[str, str]) -> str:
    """Return the path of a Chromium; root on Debian or Ubuntu gets one. Raises SetupError."""
    found = find_chromium(variables)
    if found is not None:
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupError(
            "the tests of the web page need Chromium; install it, on Debian by "
            "`sudo apt-get install chromium`"
        )
    say("installing Chromium for the tests of the web page")
    environment = {**variables, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], _INSTALL):
        if subprocess.run(command, env=environment, check=False).returncode != 0:
            raise SetupError(f"`{' '.join(command)}` failed; see above")
    return require_chromium(variables)
