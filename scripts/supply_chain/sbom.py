"""scripts/sbom: writes the bill of materials of each part of the project beside each other."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from scripts.launcher.paths import CACHE, ROOT
from scripts.supply_chain import licences, locks, options
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
        target = folder / f"{part}.cdx.json"
        half = target.with_suffix(".part")
        text = document(f"{project['name']}-{part}", project["version"], found)
        half.write_text(text, encoding="utf-8")
        half.replace(target)
        silent = sum(not one.licence for one in found)
        without = f", of {silent} no licence is told" if silent else ""
        lines.append(f"{target}: {len(found)} components{without}")
    return lines


def main() -> int:
    """Run from the command line, once everything is installed; return the exit code."""
    out = options.parse_sbom(sys.argv[1:]).out
    find = {"python": licences.of_python, "maven": licences.Jars(CACHE / "jars").find}
    try:
        print("\n".join(write(ROOT, out, find)))
    except (locks.LockError, OSError) as error:
        print(f"scripts/sbom: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
