"""Has archives made of the Java classes that Spark and Kafka load, so that both start sooner.

Each fits one Java and one set of jars; Java ignores one that does not fit. Standard library only.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from scripts.installation.java import Java
from scripts.installation.stamps import fingerprint, holds
from scripts.launcher.paths import (
    CONNECTOR_JARS,
    JAR_LOCK,
    KAFKA_CLASS_ARCHIVE,
    ROOT,
    SPARK_CLASS_ARCHIVE,
    VENV,
)
from scripts.launcher.progress import say

_MAKERS = {
    SPARK_CLASS_ARCHIVE: (
        "Spark's start (once, half a minute)",
        "services.stream.spark.class_archive",
    ),
    KAFKA_CLASS_ARCHIVE: (
        "Kafka's start (once, a few seconds)",
        "scripts.local_stack.servers.kafka_archive",
    ),
}


def make_class_archives(java: Java, variables: Mapping[str, str]) -> None:
    """Make those that are missing or of another Java. Where that fails, starts are only slower."""
    wanted = fingerprint(
        (ROOT / "uv.lock").read_bytes(),
        JAR_LOCK.read_bytes(),
        f"{java.home} {java.version} {ROOT}".encode(),
    )
    for archive, (what, module) in _MAKERS.items():
        stamp = archive.with_suffix(".stamp")
        if holds(stamp, wanted):
            continue
        say(f"preparing {what}")
        if _make(java, variables, module, archive):
            stamp.write_text(wanted, encoding="utf-8")


def _make(java: Java, variables: Mapping[str, str], module: str, archive: Path) -> bool:
    own = {"JAVA_HOME": str(java.home), "CONNECTOR_JARS_DIR": str(CONNECTOR_JARS)}
    made = subprocess.run(
        [VENV / "bin" / "python", "-P", "-m", module, archive],
        env={**variables, **own, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        # The next setup tries again.
        say("  without success, which only makes starts slower:")
        say("  " + made.stderr.decode(errors="replace").strip()[-500:])
    return made.returncode == 0
