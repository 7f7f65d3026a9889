"""Writes scripts/locks/jars.lock.json: root coordinates in, every jar with its SHA-512 out.

Maven resolves the roots; what PySpark ships already is left out of the connector's group.
Needs `mvn`; only whoever changes a version runs it.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.launcher.errors import SetupError

LOCK = Path(__file__).resolve().parents[1] / "locks" / "jars.lock.json"

ROOTS = {
    "kafka": (
        "org.apache.kafka:kafka_2.13:4.3.1",
        "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
    ),
    "connector": ("org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0",),
    "bench": ("org.postgresql:postgresql:42.7.14",),
    "connect": (
        "org.apache.kafka:connect-runtime:4.3.1",
        "org.apache.kafka:connect-json:4.3.1",
        "io.debezium:debezium-connector-jdbc:tar.gz:plugin:3.6.0.Final",
    ),
}
"""What each group is built from, by Maven's coordinates; the connector's version is PySpark's.
`bench` and `connect` hold what others drain Kafka with, and only scripts/bench fetches them."""

_DEPENDENCY = (
    "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
)
# An archive brings all that it needs.
_ARCHIVE = (
    "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><type>{}</type>"
    "<classifier>{}</classifier><version>{}</version><exclusions><exclusion><groupId>*</groupId>"
    "<artifactId>*</artifactId></exclusion></exclusions></dependency>"
)
_POM = (
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    "<groupId>tapeline</groupId><artifactId>jars</artifactId><version>1</version>"
    "<packaging>pom</packaging><dependencies>{}</dependencies></project>"
)


def pom(roots: tuple[str, ...]) -> str:
    """Return a Maven project that depends on the roots: `group:artifact:version`, or
    `group:artifact:type:classifier:version`."""
    parts = (root.split(":") for root in roots)
    return _POM.format(
        "".join((_DEPENDENCY if len(each) == 3 else _ARCHIVE).format(*each) for each in parts)
    )


def is_among(jar: str, file_names: Iterable[str]) -> bool:
    """Return whether a jar (its path in a repository) is there in some version."""
    artifact = jar.split("/")[-3]
    return any(re.match(re.escape(artifact) + r"-\d", name) for name in file_names)


def resolve(roots: tuple[str, ...], repository: Path) -> list[Path]:
    """Let Maven fetch the roots and all that they need at run time, laid out as a repository."""
    with tempfile.TemporaryDirectory() as project:
        (Path(project) / "pom.xml").write_text(pom(roots), encoding="utf-8")
        command = ["mvn", "-B", "-q", "dependency:copy-dependencies", "-DincludeScope=runtime"]
        layout = ["-Dmdep.useRepositoryLayout=true", f"-DoutputDirectory={repository}"]
        try:
            subprocess.run([*command, *layout], cwd=project, check=True)
        except FileNotFoundError:
            raise SetupError("mvn is not on PATH; install the package maven") from None
        except subprocess.CalledProcessError:
            raise SetupError(f"Maven could not resolve {', '.join(roots)}") from None
    return sorted([*repository.rglob("*.jar"), *repository.rglob("*.tar.gz")])


def _shipped_by_pyspark() -> set[str]:
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise SetupError("PySpark is not installed; run scripts/setup first")
    return {jar.name for jar in (Path(spec.origin).parent / "jars").glob("*.jar")}


def lock_group(roots: tuple[str, ...], without: set[str]) -> dict[str, list[object]]:
    """Return the lock's entry for one group, leaving out what the file names `without` hold."""
    with tempfile.TemporaryDirectory() as directory:
        repository = Path(directory)
        jars: list[object] = [
            {
                "path": jar.relative_to(repository).as_posix(),
                "sha512": hashlib.sha512(jar.read_bytes()).hexdigest(),
                "bytes": jar.stat().st_size,
            }
            for jar in resolve(roots, repository)
            if not is_among(jar.relative_to(repository).as_posix(), without)
        ]
    return {"roots": list(roots), "jars": jars}


def parse(arguments: Sequence[str] | None = None) -> None:
    """Take no option but --help; ends the process with 0 for it, and with 2 for another one."""
    argparse.ArgumentParser(prog="scripts/lock-jars", description=__doc__).parse_args(arguments)


def main() -> int:
    """Write the lock file; return the exit code."""
    parse()
    try:
        shipped = _shipped_by_pyspark()
        groups = {
            name: lock_group(roots, shipped if name == "connector" else set())
            for name, roots in ROOTS.items()
        }
    except SetupError as error:
        print(f"scripts/lock-jars: {error}", file=sys.stderr)
        return 1
    LOCK.write_text(json.dumps({"groups": groups}, indent=2) + "\n", encoding="utf-8")
    for name, group in groups.items():
        print(f"{name}: {len(group['jars'])} jars")
    return 0


if __name__ == "__main__":
    sys.exit(main())
