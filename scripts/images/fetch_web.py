"""Runs while an image is built: fetches the locked npm packages of the web page into a folder.

`python3 -m scripts.images.fetch_web FOLDER`; standard library only.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from scripts.installation import web_packages
from scripts.launcher.errors import SetupError
from scripts.launcher.progress import Progress, say

_LOCK = Path(__file__).parents[1] / "web.lock.json"
_CERTIFICATES = Path("/run/secrets/build_ca")


def main() -> int:
    """Fetch into the folder that the command line names; return the exit code."""
    (folder,) = sys.argv[1:]
    if _CERTIFICATES.exists() and _CERTIFICATES.stat().st_size:
        os.environ["SSL_CERT_FILE"] = str(_CERTIFICATES)
    with tempfile.TemporaryDirectory() as cache:
        try:
            web_packages.install(
                web_packages.read_lock(_LOCK),
                web_packages.registry_url(os.environ),
                Path(cache),
                Path(folder),
                Progress("packages of the web page").add,
            )
        except SetupError as error:
            say(f"fetch_web: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
