"""An image is listed as its own tools list it: here the machine's packages of Debian."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from scripts.launcher.paths import ROOT
from scripts.supply_chain import image_contents, images, sbom
from scripts.supply_chain.component import Component, Distribution

STATUS = """\
Package: libssl3t64
Status: install ok installed
Architecture: amd64
Version: 3.5.1-1+deb13u1
Description: Secure Sockets Layer
 and more

Package: removed
Status: deinstall ok config-files
Architecture: all
Version: 1
"""
COPYRIGHT = "Files: *\nLicense: Apache-2.0\n\nFiles: b\nLicense: Artistic\nLicense: Apache-2.0\n"
METADATA = "Metadata-Version: 2.4\nName: Kafka_Python\nVersion: 3.0.12\nLicense: Apache-2.0\n"
JAR = b"a jar"
LOCKED = [
    Component(
        *("Maven", "g:a", "1", "jars.lock.json"),
        distributions=(
            Distribution("https://m.example/a", (("sha512", hashlib.sha512(JAR).hexdigest()),)),
        ),
    ),
    Component(
        *("Maven", "g:absent", "1", "jars.lock.json"),
        distributions=(Distribution("https://m.example/b", (("sha512", "bb"),)),),
    ),
    Component(
        *("PyPI", "kafka-python", "3.0.12", "uv.lock"),
        distributions=(Distribution("https://p.example/k.whl", (("sha256", "cc"),)),),
    ),
    Component("npm", "lightweight-charts", "5.2.1", "scripts/locks/web.lock.json"),
    Component("npm", "eslint", "10", "scripts/npm/package-lock.json"),
]
SITE = "opt/venv/lib/python3.13/site-packages"


def tar(files: dict[str, bytes]) -> io.BytesIO:
    """Return a tar as `docker export` writes it, with folders and links between the files."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        link = tarfile.TarInfo("opt/link.jar")
        link.type, link.linkname = tarfile.SYMTYPE, "nowhere"
        archive.addfile(link)
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    written.seek(0)
    return written


def test_all_kinds_of_packages_are_found_and_none_that_is_not_there() -> None:
    files = {
        "var/lib/dpkg/status": STATUS.encode(),
        "usr/share/doc/libssl3t64/copyright": COPYRIGHT.encode(),
        f"{SITE}/kafka_python-3.0.12.dist-info/METADATA": METADATA.encode(),
        "opt/kafka/libs/a-1.jar": JAR,
        "opt/kafka/libs/unknown.jar": b"another",
        "opt/web/lightweight-charts/LICENSE": b"",
    }
    jar, _, python, web, _ = LOCKED
    assert image_contents.read(tar(files), LOCKED) == [
        Component(
            *("Debian", "debian/libssl3t64", "3.5.1-1+deb13u1", "var/lib/dpkg/status"),
            licence="Apache-2.0, Artistic",
            architecture="amd64",
        ),
        jar,
        web,
        Component(
            *("PyPI", "kafka-python", "3.0.12", "uv.lock"),
            distributions=python.distributions,
            licence="Apache-2.0",
        ),
    ]


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="Debian only")
def test_debians_packages_are_those_that_dpkg_lists(tmp_path: Path) -> None:
    wanted = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version} ${Architecture}\n"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    status = Path("/var/lib/dpkg/status").read_bytes()
    line = sbom.write_image(
        ROOT, tmp_path, "tapeline/producer:0.1.0", tar({"var/lib/dpkg/status": status})
    )
    written = json.loads((tmp_path / "producer.cdx.json").read_text(encoding="utf-8"))
    assert line.startswith(f"{tmp_path}/producer.cdx.json: {len(written['components'])} components")
    assert written["metadata"]["component"]["version"] == "0.1.0"
    listed = {
        f"installed {one['name']} {one['version']} {one['purl'].rpartition('arch=')[2]}"
        for one in written["components"]
    }
    assert listed == {one for one in wanted.splitlines() if one.startswith("installed ")}


@pytest.mark.parametrize(
    "name",
    ["tapeline/producer:0.1.0", "registry:5000/x/producer", f"producer@sha256:{'a' * 64}"],
)
def test_a_service_is_the_last_word_of_the_images_name(name: str) -> None:
    assert images.service(name) == "producer"


def test_an_image_that_is_not_here_is_named() -> None:
    with (
        pytest.raises(images.ImageError, match=r"^tapeline/none:1 cannot be read: "),
        images.exported("tapeline/none:1", {}, program="/nonexistent/docker"),
    ):
        pytest.fail("there is no such program")
