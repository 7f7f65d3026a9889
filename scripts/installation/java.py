"""Finds a Java that Kafka and Spark run on, or says which one command installs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.launcher.errors import SetupError

VERSIONS = (21, 17)
"""The releases that Spark supports, the better one first."""

QUICK = "-XX:TieredStopAtLevel=1"
"""What a Java that has little to do starts with: optimizing would cost more than it saves."""

_JVM_FOLDER = Path("/usr/lib/jvm")
_PROBE_SECONDS = 30


@dataclass(frozen=True)
class Java:
    """An installed Java; `home` is what JAVA_HOME is set to."""

    home: Path
    version: int

    @property
    def program(self) -> Path:
        """Return the `java` command."""
        return self.home / "bin" / "java"


def find_java(variables: Mapping[str, str], jvm_folder: Path = _JVM_FOLDER) -> Java | None:
    """Return the first fitting Java of JAVA_HOME, PATH and /usr/lib/jvm, or None."""
    for program in _candidates(variables, jvm_folder):
        java = _probe(program)
        if java is not None and java.version in VERSIONS:
            return java
    return None


def require_java(variables: Mapping[str, str]) -> Java:
    """Return a fitting Java. Raises SetupError with the command that installs one."""
    java = find_java(variables)
    if java is None:
        command = install_command(_os_release())
        raise SetupError(f"Java 17 or 21 is missing; install it with: {command}")
    return java


def install_java(variables: Mapping[str, str]) -> Java:
    """Install Java where root may do so on Debian or Ubuntu. Raises SetupError otherwise."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return require_java(variables)
    package = java_package(_os_release())
    environment = {**variables, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", package]
    for command in (["apt-get", "update"], install):
        if subprocess.run(command, env=environment, check=False).returncode != 0:
            raise SetupError(f"`{' '.join(command)}` failed; see above")
    return require_java(variables)


def java_package(os_release: str) -> str:
    """Return the package with the newest fitting Java that the distribution has."""
    facts = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', os_release, re.MULTILINE))
    is_bookworm = facts.get("ID") == "debian" and facts.get("VERSION_ID") == "12"
    return f"openjdk-{17 if is_bookworm else 21}-jre-headless"


def install_command(os_release: str) -> str:
    """Return the one command that installs Java."""
    package = java_package(os_release)
    if not re.search(r"^ID(_LIKE)?=.*(debian|ubuntu)", os_release, re.MULTILINE):
        return "your system's package manager (the package with OpenJDK 21, headless is enough)"
    return f"sudo sh -c 'apt-get update && apt-get install -y {package}'"


def _os_release() -> str:
    file = Path("/etc/os-release")
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _candidates(variables: Mapping[str, str], jvm_folder: Path) -> Iterable[Path]:
    if variables.get("JAVA_HOME"):
        yield Path(variables["JAVA_HOME"]) / "bin" / "java"
    on_path = shutil.which("java", path=variables.get("PATH"))
    if on_path:
        yield Path(on_path)
    for version in VERSIONS:
        yield from sorted(jvm_folder.glob(f"*{version}*/bin/java"))


def _probe(program: Path) -> Java | None:
    """Ask the program what it is; Spark needs the incubator module, which a cut-down Java lacks."""
    question = ["--add-modules=jdk.incubator.vector", "-XshowSettings:properties", "-version"]
    try:
        answer = subprocess.run(
            [program, *question],
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=True,
        ).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    home = re.search(r"java\.home = (.+)", answer)
    version = re.search(r"java\.specification\.version = (\d+)$", answer, re.MULTILINE)
    return Java(Path(home[1].strip()), int(version[1])) if home and version else None
