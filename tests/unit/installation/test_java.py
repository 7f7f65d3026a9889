"""Only a Java that Spark runs on is taken, and whoever lacks one is told the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.installation.java import Java, find_java, install_command, java_package

BOOKWORM = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'
TRIXIE = 'VERSION_ID="13"\nID=debian\n'
UBUNTU = 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n'
FEDORA = "ID=fedora\nVERSION_ID=42\n"


def make_java(home: Path, version: int, complete: bool = True) -> Path:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    answer = f"    java.home = {home}\n    java.specification.version = {version}\n"
    ending = f"printf '{answer}' >&2" if complete else "exit 1"
    program.write_text(f"#!/bin/sh\n{ending}\n", encoding="utf-8")
    program.chmod(0o755)
    return home


def test_java_home_comes_first(tmp_path: Path) -> None:
    home = make_java(tmp_path / "own", 17)
    make_java(tmp_path / "jvm" / "java-21-openjdk", 21)
    assert find_java({"JAVA_HOME": str(home), "PATH": ""}, tmp_path / "jvm") == Java(home, 17)


def test_an_unfit_java_is_passed_over(tmp_path: Path) -> None:
    newest = make_java(tmp_path / "newest", 25)
    on_path = make_java(tmp_path / "cut-down", 21, complete=False)
    fit = make_java(tmp_path / "jvm" / "java-17-openjdk", 17)
    variables = {"JAVA_HOME": str(newest), "PATH": str(on_path / "bin")}
    assert find_java(variables, tmp_path / "jvm") == Java(fit, 17)


def test_no_java_at_all(tmp_path: Path) -> None:
    assert find_java({"JAVA_HOME": str(tmp_path / "gone"), "PATH": ""}, tmp_path) is None


@pytest.mark.parametrize(
    ("os_release", "package"),
    [
        pytest.param(BOOKWORM, "openjdk-17-jre-headless", id="debian-12"),
        pytest.param(TRIXIE, "openjdk-21-jre-headless", id="debian-13"),
        pytest.param(UBUNTU, "openjdk-21-jre-headless", id="ubuntu"),
    ],
)
def test_the_package_is_the_newest_fitting_one(os_release: str, package: str) -> None:
    assert java_package(os_release) == package
    assert install_command(os_release) == (
        f"sudo sh -c 'apt-get update && apt-get install -y {package}'"
    )


def test_elsewhere_the_command_is_left_to_the_person() -> None:
    assert install_command(FEDORA) == (
        "your system's package manager (the package with OpenJDK 21, headless is enough)"
    )
