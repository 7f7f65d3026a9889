"""The lock file names every jar; a group's directory holds exactly the group."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from scripts.installation import jars
from scripts.installation.jar_lock import ROOTS, is_among, pom
from scripts.installation.jars import Jar
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import JAR_LOCK


def jar(repository: Path, name: str, content: bytes) -> Jar:
    path = f"org/example/{name}/1.0/{name}-1.0.jar"
    file = repository / path
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    return Jar(path, hashlib.sha512(content).hexdigest(), len(content))


def _file_name(root: str) -> str:
    """Return the name of a root's own file, as Maven gives it."""
    _, artifact, *kind, version = root.split(":")
    ending, *classifier = kind or ["jar"]
    return f"{'-'.join([artifact, version, *classifier])}.{ending}"


def test_the_lock_pins_the_roots_with_whole_digests() -> None:
    groups = jars.read_lock(JAR_LOCK)
    assert groups.keys() == ROOTS.keys()
    for name, roots in ROOTS.items():
        files = {item.file_name for item in groups[name]}
        assert {_file_name(root) for root in roots} <= files
        assert {len(item.sha512) for item in groups[name]} == {128}
        assert all(item.size_bytes > 0 for item in groups[name])


def test_install_links_each_group_and_fetches_once(tmp_path: Path) -> None:
    remote = tmp_path / "remote"
    groups = {
        "kafka": (jar(remote, "broker", b"one"), jar(remote, "log", b"three")),
        "connector": (jar(remote, "reader", b"two"),),
    }
    seen: list[tuple[int, int]] = []
    arguments = (remote.as_uri(), tmp_path / "cache", tmp_path / "jars")
    jars.install(groups, *arguments, lambda received, total: seen.append((received, total)))
    assert {p.name for p in (tmp_path / "jars" / "kafka").iterdir()} == {
        "broker-1.0.jar",
        "log-1.0.jar",
    }
    assert (tmp_path / "jars" / "connector" / "reader-1.0.jar").read_bytes() == b"two"
    assert sorted(seen) == [(3, 11), (3, 11), (5, 11)]

    (tmp_path / "jars" / "kafka" / "old-0.9.jar").write_bytes(b"of an earlier lock")
    seen.clear()
    jars.install({"kafka": groups["kafka"][:1]}, *arguments, lambda *each: seen.append(each))
    assert [p.name for p in (tmp_path / "jars" / "kafka").iterdir()] == ["broker-1.0.jar"]
    assert seen == []


def test_a_damaged_jar_in_the_cache_is_fetched_anew(tmp_path: Path) -> None:
    remote, cache = tmp_path / "remote", tmp_path / "cache"
    wanted = jar(remote, "broker", b"right")
    (cache / wanted.path).parent.mkdir(parents=True)
    (cache / wanted.path).write_bytes(b"wrong")
    arguments = (remote.as_uri(), cache, tmp_path / "jars")
    jars.install({"kafka": (wanted,)}, *arguments, lambda *_: None)
    assert (tmp_path / "jars" / "kafka" / wanted.file_name).read_bytes() == b"right"


def test_a_wrong_jar_leaves_no_group(tmp_path: Path) -> None:
    remote = tmp_path / "remote"
    wanted = jar(remote, "broker", b"right")
    (remote / wanted.path).write_bytes(b"wrong")
    arguments = (remote.as_uri(), tmp_path / "cache", tmp_path / "jars")
    with pytest.raises(SetupError, match="is not the file that the lock names"):
        jars.install({"kafka": (wanted,)}, *arguments, lambda *_: None)
    assert not (tmp_path / "jars").exists()


def test_a_mirror_replaces_maven_central() -> None:
    assert jars.repository_url({}) == "https://repo1.maven.org/maven2"
    assert jars.repository_url({"MAVEN_REPOSITORY_URL": "http://mirror/m2/"}) == "http://mirror/m2"


def test_pom_depends_on_the_roots() -> None:
    assert (
        "<dependency><groupId>a.b</groupId><artifactId>c</artifactId><version>1</version>"
        "</dependency>" in pom(("a.b:c:1",))
    )


def test_an_archive_is_wanted_without_what_it_brings() -> None:
    root = "a.b:c:tar.gz:plugin:1"
    assert (
        "<artifactId>c</artifactId><type>tar.gz</type><classifier>plugin</classifier>"
        "<version>1</version><exclusions>" in pom((root,))
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("at/yawk/lz4/lz4-java/1.10.1/lz4-java-1.10.1.jar", True, id="other-version"),
        pytest.param("org/x/commons-pool2/2/commons-pool2-2.jar", False, id="absent"),
        pytest.param("org/x/lz4/1.0/lz4-1.0.jar", False, id="a-prefix-is-another-one"),
    ],
)
def test_is_among_looks_past_the_version(path: str, expected: bool) -> None:
    assert is_among(path, ["lz4-java-1.11.0.jar", "slf4j-api-2.0.17.jar"]) is expected
