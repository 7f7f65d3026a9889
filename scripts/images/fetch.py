"""Runs while an image is built: fetches into /opt/WHAT what a lock file pins, each file checked.

`python3 -m scripts.images.fetch WHAT`: `web`, the npm packages of the web page, or a group of the
jars. Standard library only.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from scripts.installation import jars, web_packages
from scripts.launcher.errors import SetupError
from scripts.launcher.progress import Progress, say

_LOCKS = Path(__file__).parents[1] / "locks"
_TARGET = Path("/opt")
_CERTIFICATES = Path("/run/secrets/build_ca")


def main() -> int:
    """Fetch what the command line names; return the exit code."""
    (what,) = sys.argv[1:]
    if _CERTIFICATES.exists() and _CERTIFICATES.stat().st_size:
        os.environ["SSL_CERT_FILE"] = str(_CERTIFICATES)
    with tempfile.TemporaryDirectory() as cache:
        try:
            if what == "web":
                _fetch_web(Path(cache))
            else:
                _fetch_jars(what, Path(cache))
        except SetupError as error:
            say(f"{what}: {error}")
            return 1
    return 0


def _fetch_web(cache: Path) -> None:
    wanted = web_packages.read_lock(_LOCKS / "web.lock.json")
    registry = web_packages.registry_url(os.environ)
    progress = Progress("packages of the web page")
    web_packages.install(wanted, registry, cache, _TARGET / "web", progress.add)


def _fetch_jars(group: str, cache: Path) -> None:
    wanted = {group: jars.read_lock(_LOCKS / "jars.lock.json")[group]}
    progress = Progress(f"jars of {group}")
    jars.install(wanted, jars.repository_url(os.environ), cache, _TARGET, progress.add)


if __name__ == "__main__":
    sys.exit(main())
