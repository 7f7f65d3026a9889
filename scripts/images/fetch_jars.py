"""Runs while an image is built: fetches one group of the locked jars into a folder.

`python3 -m scripts.images.fetch_jars GROUP FOLDER`; standard library only.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from scripts.installation import jars
from scripts.launcher.errors import SetupError
from scripts.launcher.progress import Progress, say

_LOCK = Path(__file__).parents[1] / "jars.lock.json"
_CERTIFICATES = Path("/run/secrets/build_ca")


def main() -> int:
    """Fetch what the command line names; return the exit code."""
    group, folder = sys.argv[1:]
    if _CERTIFICATES.exists() and _CERTIFICATES.stat().st_size:
        os.environ["SSL_CERT_FILE"] = str(_CERTIFICATES)
    wanted = {group: jars.read_lock(_LOCK)[group]}
    target = Path(folder)
    with tempfile.TemporaryDirectory(dir=target.parent) as cache:
        progress = Progress(f"jars of {group}")
        try:
            jars.install(
                wanted, jars.repository_url(os.environ), Path(cache), target.parent, progress.add
            )
        except SetupError as error:
            say(f"fetch_jars: {error}")
            return 1
    (target.parent / group).rename(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
