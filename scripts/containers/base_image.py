"""Makes the base image of all images where no image registry can be reached.

`debootstrap` brings Debian's packages, each checked by Debian's signatures, and `docker import`
gives the result the registry's name, which the setting BASE_IMAGE must then say without a digest.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scripts.containers import programs
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import ROOT, user_cache
from scripts.launcher.progress import say

SUITE = "trixie"
_SECURITY = "http://deb.debian.org/debian-security"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_NOT_NEEDED = ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man")
_DESCRIPTION = """\
Make the image that all images are built from, where no image registry can be reached: a minimal
Debian by debootstrap, imported under the registry's name. Then BASE_IMAGE must name it, without a
digest. Needs root, and a Docker engine that runs: DOCKER_HOST names another than this machine's.
What is made is kept in ~/.cache/tapeline. DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR name other
mirrors.
"""


def base_name(compose_file: str) -> str:
    """Return the name, without its digest, of the image that all images are built from.

    Raises SetupError.
    """
    found = re.search(r"\$\{BASE_IMAGE:-([^@}]+)@sha256:[0-9a-f]{64}\}", compose_file)
    if found is None:
        raise SetupError("docker-compose.yml names no BASE_IMAGE by its digest")
    return found[1]


def ensure(host: str, variables: Mapping[str, str]) -> str:
    """Import the base image into the engine unless it is there; return its name: what BASE_IMAGE
    must say, since what was not pulled has no digest."""
    name = base_name((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    docker = [programs.require("docker"), "--host", host]
    there = subprocess.run([*docker, "image", "inspect", name], capture_output=True, check=False)
    if there.returncode != 0:
        archive = user_cache(variables) / f"{name.replace(':', '-')}.tar"
        if not archive.exists():
            say(f"making {name} by debootstrap (once, half a minute)")
            _make(archive, variables)
        created = f"LABEL tapeline.base={SUITE}"
        programs.run([*docker, "import", "--change", created, str(archive), name], variables)
    return name


def _make(archive: Path, variables: Mapping[str, str]) -> None:
    if os.geteuid() != 0:
        raise SetupError("debootstrap needs root")
    programs.ensure("debootstrap", variables=variables)
    mirror = programs.debian_mirror(variables)
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        tree, draft = Path(folder) / "tree", Path(folder) / "draft.tar"
        programs.run(
            [programs.require("debootstrap"), "--variant=minbase", SUITE, str(tree), mirror],
            variables,
        )
        _write_sources(tree, mirror, variables.get("DEBIAN_SECURITY_MIRROR") or _SECURITY)
        leave_out = [f"--exclude=./{path}/*" for path in _NOT_NEEDED]
        pack = ["tar", "--numeric-owner", "--sort=name", *leave_out, "-C", str(tree)]
        programs.run([*pack, "-cf", str(draft), "."], variables)
        draft.replace(archive)


def _write_sources(tree: Path, mirror: str, security: str) -> None:
    """The same sources as in Debian's own image: the release, its updates, its security."""
    (tree / "etc/apt/sources.list").unlink(missing_ok=True)
    entries = ((mirror, f"{SUITE} {SUITE}-updates"), (security, f"{SUITE}-security"))
    text = "\n".join(
        f"Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: main\nSigned-By: {_KEYRING}\n"
        for uri, suites in entries
    )
    (tree / "etc/apt/sources.list.d/debian.sources").write_text(text, encoding="utf-8")


def main() -> int:
    """Run from the command line; return the exit code."""
    argparse.ArgumentParser(
        prog="scripts/base-image",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    host = programs.docker_host(os.environ)
    try:
        if not programs.engine_answers(host):
            raise SetupError(f"no Docker engine answers at {host}; start it, or set DOCKER_HOST")
        name = ensure(host, os.environ)
        say(f"ready: {name} in the engine at {host}; put BASE_IMAGE={name} into .env")
    except SetupError as error:
        say(f"scripts/base-image: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
