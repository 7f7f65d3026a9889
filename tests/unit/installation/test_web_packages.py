"""The page's npm packages: lock file and archive in, exactly the named files out."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.installation import web_packages
from scripts.installation.chromium import find_chromium
from scripts.installation.web_packages import WebPackage
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import WEB_LOCK
from services.dashboard.settings import CHART_LIBRARY

FILES = {"package/LICENSE": b"free", "package/dist/chart.mjs": b"code", "package/x": b"unused"}


def pack(cache: Path) -> WebPackage:
    """Put an archive where a download would have left it; return its place in a lock."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    data = content.getvalue()
    cache.mkdir()
    (cache / "chart.tgz").write_bytes(data)
    digest = hashlib.sha512(data).hexdigest()
    return WebPackage("chart", "chart.tgz", digest, len(data), ("LICENSE", "dist/chart.mjs"))


def no_download(received: int, total: int) -> None:
    raise AssertionError(f"{received} of {total} bytes were fetched")


def test_only_the_named_files_are_unpacked_and_old_ones_go(tmp_path: Path) -> None:
    package = pack(tmp_path / "cache")
    target = tmp_path / "web"
    (target / "chart").mkdir(parents=True)
    (target / "chart" / "old").touch()

    web_packages.install((package,), "http://nowhere", tmp_path / "cache", target, no_download)

    found = {file.name: file.read_bytes() for file in (target / "chart").iterdir()}
    assert found == {"LICENSE": b"free", "chart.mjs": b"code"}
    assert [one.name for one in target.iterdir()] == ["chart"]


def test_a_file_that_is_not_there_leaves_the_old_folder(tmp_path: Path) -> None:
    package = replace(pack(tmp_path / "cache"), files=("missing.js",))
    target = tmp_path / "web"
    (target / "chart").mkdir(parents=True)
    (target / "chart" / "old").touch()

    with pytest.raises(SetupError, match=r"missing\.js"):
        web_packages.install((package,), "http://nowhere", tmp_path / "cache", target, no_download)

    assert [one.name for one in target.iterdir()] == ["chart"]
    assert (target / "chart" / "old").exists()


def test_the_lock_names_what_the_dashboard_serves() -> None:
    [package] = web_packages.read_lock(WEB_LOCK)
    assert package.path == "lightweight-charts/-/lightweight-charts-5.2.1.tgz"
    assert [Path(file).name for file in package.files] == ["LICENSE", CHART_LIBRARY]
    assert len(package.sha512) == 128


def test_a_mirror_takes_the_place_of_the_registry() -> None:
    mirror = {"NPM_CONFIG_REGISTRY": "http://mirror/npm/"}
    assert web_packages.registry_url(mirror) == "http://mirror/npm"
    assert web_packages.registry_url({}) == web_packages.NPM


def test_a_browser_is_found_on_the_path(tmp_path: Path) -> None:
    assert find_chromium({"PATH": str(tmp_path)}) is None
    program = tmp_path / "chromium-browser"
    program.touch(mode=0o755)
    assert find_chromium({"PATH": str(tmp_path)}) == str(program)
