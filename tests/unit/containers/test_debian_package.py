"""One file out of a real Debian package, without Debian's programs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.containers.debian_package import extract
from scripts.launcher.errors import SetupError


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a package that `dpkg-deb` built."""
    tree = tmp_path / "tree"
    for name, text in {
        "DEBIAN/control": "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: a\n"
        "Description: b\n",
        "usr/bin/tool": "the tool\n",
        "usr/share/x/odd": "7 bytes",
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    made = tmp_path / "x.deb"
    command = ["dpkg-deb", "--build", "-Zxz", str(tree), str(made)]
    subprocess.run(command, check=True, capture_output=True)
    return made


def test_a_file_comes_out_executable(package: Path, tmp_path: Path) -> None:
    extract(package, "usr/bin/tool", tmp_path / "tool")
    assert (tmp_path / "tool").read_text("utf-8") == "the tool\n"
    assert (tmp_path / "tool").stat().st_mode & 0o777 == 0o755


def test_what_is_not_there_is_named(package: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="usr/bin/other"):
        extract(package, "usr/bin/other", tmp_path / "other")
    assert not (tmp_path / "other").exists()
    page = tmp_path / "page.html"
    page.write_text("<html>", encoding="utf-8")
    with pytest.raises(SetupError, match=r"page\.html"):
        extract(page, "usr/bin/tool", tmp_path / "tool")
