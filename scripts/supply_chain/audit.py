"""scripts/audit: compares the lock files with an advisory database, or says that it could not."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts.launcher.paths import ROOT
from scripts.supply_chain import locks, options
from scripts.supply_chain.component import Component
from scripts.supply_chain.osv import Advisory, Osv, OsvError


def line(advisory: Advisory) -> str:
    """Return what a person must know of a weakness, in one line."""
    one = advisory.component
    names = " ".join((advisory.identifier, *advisory.aliases))
    fixed = f"; fixed in {', '.join(advisory.fixed)}" if advisory.fixed else "; no fix is known"
    return f"{one.lock}: {one.name} {one.version}: {names}: {advisory.summary}{fixed}"


def audit(components: Sequence[Component], osv: Osv) -> tuple[list[str], int]:
    """Return what to print, and the exit code."""
    try:
        found = osv.advisories(components)
    except OsvError as error:
        unknown = f"the advisories of {len(components)} locked packages are unknown"
        return [f"not compared: {error}; {unknown}"], options.NOT_COMPARED
    lines = [line(one) for one in found]
    if not found:
        return [f"{len(components)} locked packages: no advisory is known"], 0
    affected = len({one.component for one in found})
    lines.append(f"{len(found)} advisories for {affected} of {len(components)} locked packages")
    return lines, options.FOUND


def main() -> int:
    """Run from the command line; return the exit code."""
    chosen = options.parse_audit(sys.argv[1:])
    try:
        components = [one for part in locks.PARTS for one in locks.read(ROOT, part)]
    except locks.LockError as error:
        print(f"scripts/audit: {error}", file=sys.stderr)
        return options.NOT_COMPARED
    lines, code = audit(components, Osv(chosen.url, chosen.timeout_seconds))
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
