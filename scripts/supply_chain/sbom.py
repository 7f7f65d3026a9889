"""scripts/sbom: writes the bills of materials of the project's parts, and of images."""

from __future__ import annotations

import os
import sys
import tarfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from scripts.launcher.paths import CACHE, ROOT
from scripts.supply_chain import image_contents, images, licences, locks, options
from scripts.supply_chain.component import Component
from scripts.supply_chain.document import document


def write(root: Path, folder: Path, find: Mapping[str, Callable[[Component], str]]) -> list[str]:
    """Write PART.cdx.json of each part; return a line for each. Raises LockError, OSError."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for part in locks.PARTS:
        found = locks.read(root, part)
        if part in find:
            found = licences.with_licences(found, find[part])
        text = document(f"{project['name']}-{part}", project["version"], found)
        lines.append(_keep(folder / f"{part}.cdx.json", text, found))
    return lines


def write_image(root: Path, folder: Path, image: str, stream: IO[bytes]) -> str:
    """Write SERVICE.cdx.json of an image, the tar of whose files is given; return a line.

    Raises LockError, OSError, tarfile.TarError.
    """
    locked = [one for part in locks.PARTS for one in locks.read(root, part)]
    found = image_contents.read(stream, locked)
    folder.mkdir(parents=True, exist_ok=True)
    service = images.service(image)
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2] or "latest"
    text = document(f"tapeline-image-{service}", tag, found)
    return _keep(folder / f"{service}.cdx.json", text, found)


def _keep(target: Path, text: str, found: Sequence[Component]) -> str:
    half = target.with_suffix(".part")
    half.write_text(text, encoding="utf-8")
    half.replace(target)
    silent = sum(not one.licence for one in found)
    without = f", of {silent} no licence is told" if silent else ""
    return f"{target}: {len(found)} components{without}"


def main() -> int:
    """Run from the command line, once everything is installed; return the exit code."""
    chosen = options.parse_sbom(sys.argv[1:])
    find = {"python": licences.of_python, "maven": licences.Jars(CACHE / "jars").find}
    try:
        print("\n".join(write(ROOT, chosen.out, find)))
        for image in chosen.image:
            with images.exported(image, os.environ) as stream:
                print(write_image(ROOT, chosen.out, image, stream))
    except (locks.LockError, images.ImageError, OSError, tarfile.TarError) as error:
        print(f"scripts/sbom: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
