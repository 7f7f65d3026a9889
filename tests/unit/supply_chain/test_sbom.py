"""The bills of materials are CycloneDX 1.6, say what the locks say, and are the same again."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from scripts.launcher.paths import ROOT
from scripts.supply_chain import licences, locks, sbom
from scripts.supply_chain.component import Component, Distribution
from scripts.supply_chain.document import document
from tests.documents import commands

JAR = Component(
    *("Maven", "org.xerial.snappy:snappy-java", "1.1.10.7", "jars.lock.json"),
    distributions=(Distribution("https://repo.example/s.jar", (("sha512", "ab" * 64),)),),
    licence="Apache-2.0",
)


def test_a_component_is_written_with_all_that_is_known_of_it() -> None:
    written = json.loads(document("tapeline-maven", "0.1.0", [JAR]))
    purl = "pkg:maven/org.xerial.snappy/snappy-java@1.1.10.7"
    assert written["specVersion"] == "1.6"
    assert written["metadata"]["component"] == {
        "bom-ref": "tapeline-maven",
        "name": "tapeline-maven",
        "type": "application",
        "version": "0.1.0",
    }
    assert written["components"] == [
        {
            "bom-ref": purl,
            "externalReferences": [
                {
                    "hashes": [{"alg": "SHA-512", "content": "ab" * 64}],
                    "type": "distribution",
                    "url": "https://repo.example/s.jar",
                }
            ],
            "group": "org.xerial.snappy",
            "licenses": [{"license": {"id": "Apache-2.0"}}],
            "name": "snappy-java",
            "properties": [{"name": "tapeline:lock", "value": "jars.lock.json"}],
            "purl": purl,
            "type": "library",
            "version": "1.1.10.7",
        }
    ]


def test_the_serial_number_goes_with_the_content() -> None:
    first, again = (document("tapeline-maven", "0.1.0", [JAR]) for _ in range(2))
    other = document("tapeline-maven", "0.1.1", [JAR])
    assert first == again
    assert json.loads(first)["serialNumber"] != json.loads(other)["serialNumber"]


def test_every_part_of_the_checkout_is_written_as_the_schema_wants_it(tmp_path: Path) -> None:
    find = {"python": licences.of_python}
    for folder in ("one", "two"):
        assert len(sbom.write(ROOT, tmp_path / folder, find)) == 3
    files = sorted((tmp_path / "one").iterdir())
    assert [file.name for file in files] == ["maven.cdx.json", "npm.cdx.json", "python.cdx.json"]
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert validator.validate_str(text) is None
        assert text == (tmp_path / "two" / file.name).read_text(encoding="utf-8")
        components = json.loads(text)["components"]
        part = file.name.partition(".")[0]
        assert {one["purl"] for one in components} == {one.purl for one in locks.read(ROOT, part)}
    python = json.loads((tmp_path / "one" / "python.cdx.json").read_text(encoding="utf-8"))
    (ruff,) = [one for one in python["components"] if one["name"] == "ruff"]
    assert ruff["licenses"] == [{"license": {"id": "MIT"}}]


def test_nothing_is_written_of_a_lock_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n')
    with pytest.raises(locks.LockError):
        sbom.write(tmp_path, tmp_path / "out", {})
    assert [*(tmp_path / "out").iterdir()] == []


def test_the_documented_command_writes_them_with_the_licences_of_the_jars() -> None:
    (command,) = commands("sbom")
    done = subprocess.run(
        command.split(), cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()[-3:]] == [
        f".cache/sbom/{part}.cdx.json" for part in locks.PARTS
    ]
    written = json.loads((ROOT / ".cache" / "sbom" / "maven.cdx.json").read_text(encoding="utf-8"))
    (log4j,) = [one for one in written["components"] if one["name"] == "log4j-core"]
    assert log4j["licenses"] == [{"license": {"id": "Apache-2.0"}}]
