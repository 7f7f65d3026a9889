"""Lock files become components: each with the name, version and digests that the lock pins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.launcher.paths import ROOT
from scripts.supply_chain import locks
from scripts.supply_chain.component import Component, Distribution

UV = """
version = 1
[[package]]
name = "requests"
version = "2.34.2"
source = { registry = "https://pypi.org/simple" }
sdist = { url = "https://files.example/requests-2.34.2.tar.gz", hash = "sha256:aa", size = 1 }
wheels = [{ url = "https://files.example/requests-2.34.2-py3-none-any.whl", hash = "sha256:bb" }]
[[package]]
name = "tapeline"
version = "0.1.0"
source = { virtual = "." }
"""
REQUIREMENTS = """\
# how it is renewed: uv==VERSION
Flask_Login[x]==0.6.3 ; python_version > "3" \\
    --hash=sha256:aa \\
    --hash=sha256:bb
uv==0.13.9 \\
    --hash=sha512:cc
"""
NPM = {
    "packages": {
        "": {"name": "checks"},
        "node_modules/a/node_modules/@eslint/js": {
            "version": "10.0.1",
            "integrity": "sha512-qrs=",
            "license": "MIT",
        },
        "node_modules/linked": {"link": True},
    }
}
JAR = "org/xerial/snappy/snappy-java/1.1.10.7/snappy-java-1.1.10.7.jar"
NATIVE = "io/netty/netty-transport/4.1/netty-transport-4.1-linux-x86_64.jar"
JARS = {
    "groups": {
        "kafka": {"jars": [{"path": JAR, "sha512": "aa"}]},
        "connect": {"jars": [{"path": JAR, "sha512": "aa"}, {"path": NATIVE, "sha512": "bb"}]},
    }
}


def test_packages_of_an_index_come_from_uv_lock_with_each_file() -> None:
    assert locks.of_uv(UV, "uv.lock") == [
        Component(
            *("PyPI", "requests", "2.34.2", "uv.lock"),
            distributions=(
                Distribution(
                    "https://files.example/requests-2.34.2-py3-none-any.whl", (("sha256", "bb"),)
                ),
                Distribution("https://files.example/requests-2.34.2.tar.gz", (("sha256", "aa"),)),
            ),
        )
    ]


def test_requirements_keep_their_hashes_apart_and_their_names_normal() -> None:
    assert locks.of_requirements(REQUIREMENTS, "r.txt") == [
        Component(
            *("PyPI", "flask-login", "0.6.3", "r.txt"),
            distributions=(
                Distribution(
                    "https://pypi.org/simple/flask-login/", (("sha256", "aa"), ("sha256", "bb"))
                ),
            ),
        ),
        Component(
            *("PyPI", "uv", "0.13.9", "r.txt"),
            distributions=(Distribution("https://pypi.org/simple/uv/", (("sha512", "cc"),)),),
        ),
    ]


def test_a_nested_package_of_a_scope_comes_from_npm_with_its_licence() -> None:
    (found,) = locks.of_npm(json.dumps(NPM), "package-lock.json")
    url = "https://registry.npmjs.org/@eslint/js/-/js-10.0.1.tgz"
    assert found == Component(
        *("npm", "@eslint/js", "10.0.1", "package-lock.json"),
        distributions=(Distribution(url, (("sha512", "aabb"),)),),
        licence="MIT",
    )
    assert found.purl == "pkg:npm/%40eslint/js@10.0.1"


def test_the_pages_packages_come_with_the_version_of_their_archive() -> None:
    path = "lightweight-charts/-/lightweight-charts-5.2.1.tgz"
    lock = {"packages": {"lightweight-charts": {"path": path, "sha512": "aa"}}}
    (found,) = locks.of_web(json.dumps(lock), "web.lock.json")
    assert (found.purl, found.distributions) == (
        "pkg:npm/lightweight-charts@5.2.1",
        (Distribution(f"https://registry.npmjs.org/{path}", (("sha512", "aa"),)),),
    )


def test_a_jar_of_two_groups_comes_once_and_a_native_one_with_its_classifier() -> None:
    found = locks.of_jars(json.dumps(JARS), "jars.lock.json")
    assert [(one.name, one.purl) for one in found] == [
        ("org.xerial.snappy:snappy-java", "pkg:maven/org.xerial.snappy/snappy-java@1.1.10.7"),
        (
            "io.netty:netty-transport",
            "pkg:maven/io.netty/netty-transport@4.1?classifier=linux-x86_64",
        ),
    ]


@pytest.mark.parametrize("part", locks.PARTS)
def test_every_component_of_the_real_locks_is_pinned_by_a_digest(part: str) -> None:
    found = locks.read(ROOT, part)
    assert {one.lock for one in found} == {*locks.PARTS[part]}
    assert [one.purl for one in found if not one.distributions] == []
    assert all(file.digests for one in found for file in one.distributions)


@pytest.mark.parametrize("text", ["", "{}", "[1", '{"groups": {"kafka": {"jars": [1]}}}'])
def test_a_damaged_lock_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "scripts" / "locks").mkdir(parents=True)
    (tmp_path / "scripts" / "locks" / "jars.lock.json").write_text(text, encoding="utf-8")
    with pytest.raises(locks.LockError, match=r"^scripts/locks/jars\.lock\.json "):
        locks.read(tmp_path, "maven")
