"""Brings images out of a Docker engine into archives, for nodes that ask no registry."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scripts.containers import programs
from scripts.launcher.errors import SetupError

PAUSE: Final = "tapeline-cluster/pause:1"


def save(host: str, images: Sequence[str], pause: Path, folder: Path) -> None:
    """Write the images of the engine at `host`, and one of the program `pause`, into the folder.

    They are in one archive, in which a layer that several have stands once. Raises SetupError.
    """
    docker = [programs.require("docker"), "--host", host]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as root:
        root.add(pause, "pause")
    entry = 'ENTRYPOINT ["/pause"]'
    done = subprocess.run(
        [*docker, "import", "--change", entry, "-", PAUSE],
        input=packed.getvalue(),
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise SetupError(f"the image {PAUSE} could not be made: {done.stderr.decode()[-500:]}")
    folder.mkdir(parents=True, exist_ok=True)
    command = [*docker, "image", "save", "--output", str(folder / "images.tar"), PAUSE, *images]
    programs.run(command, {})
