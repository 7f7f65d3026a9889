"""Finds the programs that containers need, or installs them where root may do so on Debian."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from scripts.launcher.errors import SetupError
from scripts.launcher.progress import say

_PACKAGES = {
    "dockerd": "docker.io",
    "docker": "docker-cli",
    "iptables": "iptables",
    "debootstrap": "debootstrap",
}
_SYSTEM_FOLDERS = "/usr/sbin:/sbin"
# For another run of apt-get, such as a night's own upgrades.
_WAIT = ("-o", "DPkg::Lock::Timeout=300")


def find(program: str) -> str | None:
    """Return the path of a program; those of the system need not be on PATH."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_FOLDERS}")


def require(program: str) -> str:
    """Return the path of a program that is installed. Raises SetupError."""
    found = find(program)
    if found is None:
        raise SetupError(f"{program} is missing; install it, for example by apt-get")
    return found


def run(command: list[str], variables: Mapping[str, str], folder: Path | None = None) -> None:
    """Run a program to its end, with the system's own at hand. Raises SetupError."""
    path = f"{variables.get('PATH', '')}:{_SYSTEM_FOLDERS}"
    done = subprocess.run(
        command, cwd=folder, env={**variables, "PATH": path}, capture_output=True, check=False
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace")[-2000:]
        raise SetupError(f"`{' '.join(command[:3])} …` failed:\n{said}")


def docker_host(variables: Mapping[str, str]) -> str:
    """Return where the Docker engine listens: DOCKER_HOST, or where the machine's own does."""
    return variables.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def engine_answers(host: str) -> bool:
    """Return whether a Docker engine answers there, and there is a program to ask it."""
    docker = find("docker")
    if docker is None:
        return False
    asked = subprocess.run([docker, "--host", host, "info"], capture_output=True, check=False)
    return asked.returncode == 0


def debian_mirror(variables: Mapping[str, str]) -> str:
    """Return where Debian's archive is: DEBIAN_MIRROR, or Debian's own address."""
    return variables.get("DEBIAN_MIRROR") or "http://deb.debian.org/debian"


def ensure(*programs: str, variables: Mapping[str, str]) -> None:
    """Install those of the programs that are missing. Raises SetupError."""
    missing = [_PACKAGES[program] for program in programs if find(program) is None]
    if missing:
        apt_install(missing, variables)


def apt_install(packages: list[str], variables: Mapping[str, str]) -> None:
    """Install Debian packages. Raises SetupError with the command for who may do so."""
    install = ["apt-get", "install", "-y", "--no-install-recommends", *_WAIT, *packages]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupError(
            f"missing: {', '.join(packages)}; run: sudo sh -c 'apt-get update && "
            f"{' '.join(install)}'"
        )
    say(f"installing {', '.join(packages)}")
    environment = {**variables, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], install):
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        if done.returncode != 0:
            raise SetupError(
                f"`{' '.join(command)}` failed:\n{done.stderr.decode(errors='replace')[-2000:]}"
            )
