"""Where a lock tells no licence, the installed package does."""

from __future__ import annotations

import zipfile
from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest

from scripts.supply_chain import licences
from scripts.supply_chain.component import Component

POM = "<licenses><license>\n <name>The Apache\n  License 2.0</name></license></licenses>"
MANIFEST = (
    "Manifest-Version: 1.0\r\n"
    "Bundle-License: https://www.apache.org/licenses/LICENSE\r\n -2.0\r\nX: y\r\n"
)
APACHE = "\n   Apache License\n   Version 2.0, January 2004\n"


def message(*heads: tuple[str, str]) -> Message:
    found = Message()
    for name, value in heads:
        found[name] = value
    return found


OSI = "License :: OSI Approved :: "


@pytest.mark.parametrize(
    ("heads", "wanted"),
    [
        ([("License-Expression", "MIT OR Apache-2.0"), ("License", "x")], "MIT OR Apache-2.0"),
        ([("License", "BSD-3-Clause")], "BSD-3-Clause"),
        (
            [
                ("License", "UNKNOWN"),
                ("Classifier", "Topic :: Office/Business"),
                ("Classifier", f"{OSI}MIT License"),
                ("Classifier", f"{OSI}Apache Software License"),
            ],
            "MIT License, Apache Software License",
        ),
        ([("License", "a" * 101), ("Classifier", f"{OSI}MIT License")], "MIT License"),
        ([], ""),
    ],
)
def test_the_most_exact_word_of_the_metadata_counts(
    heads: list[tuple[str, str]], wanted: str
) -> None:
    assert licences.in_metadata(message(*heads)) == wanted


def test_only_the_installed_version_speaks_for_a_component() -> None:
    version = metadata.version("ruff")
    assert licences.of_python(Component("PyPI", "ruff", version, "uv.lock")) == "MIT"
    assert licences.of_python(Component("PyPI", "ruff", "0.0.1", "uv.lock")) == ""
    assert licences.of_python(Component("PyPI", "no-such-package", "1", "uv.lock")) == ""


def test_a_jar_tells_its_licence_by_its_pom_its_manifest_or_its_text(tmp_path: Path) -> None:
    contents = {
        "pom-1.jar": {
            "META-INF/maven/g/pom/pom.xml": POM,
            "META-INF/maven/g/other/pom.xml": "<x/>",
        },
        "bundle-1.jar": {"META-INF/MANIFEST.MF": MANIFEST},
        "text-1.jar": {"META-INF/MANIFEST.MF": "X: y\n", "META-INF/LICENSE": APACHE},
        "silent-1.jar": {"META-INF/MANIFEST.MF": "X: y\n", "META-INF/LICENSE": "Ours"},
        "bare-1.jar": {"A.class": ""},
    }
    for name, files in contents.items():
        with zipfile.ZipFile(tmp_path / name, "w") as jar:
            for path, text in files.items():
                jar.writestr(path, text)
    names = ("pom", "bundle", "text", "silent", "bare", "missing")
    components = [Component("Maven", f"g:{name}", "1", "jars.lock.json") for name in names]
    components.append(Component("Maven", "g:pom", "1", "jars.lock.json", licence="kept"))
    found = licences.with_licences(components, licences.Jars(tmp_path).find)
    assert [one.licence for one in found] == [
        "The Apache License 2.0",
        "https://www.apache.org/licenses/LICENSE-2.0",
        "Apache-2.0",
        *("", "", "", "kept"),
    ]
