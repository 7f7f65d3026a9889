"""Where things lie in a checkout and in the user's cache."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
JAR_LOCK = ROOT / "scripts" / "locks" / "jars.lock.json"
WEB_LOCK = ROOT / "scripts" / "locks" / "web.lock.json"
WEB_PACKAGES = CACHE / "web"
CHART_LIBRARY = WEB_PACKAGES / "lightweight-charts"
KAFKA_JARS = CACHE / "jars" / "kafka"
CONNECTOR_JARS = CACHE / "jars" / "connector"
BENCH_JARS = CACHE / "jars" / "bench"
CONNECT_JARS = CACHE / "jars" / "connect"
NODE_PACKAGES = CACHE / "npm"
PULUMI_VENV = CACHE / "pulumi-venv"
SPARK_CLASS_ARCHIVE = CACHE / "spark-classes.jsa"
KAFKA_CLASS_ARCHIVE = CACHE / "kafka-classes.jsa"


def user_cache(variables: Mapping[str, str]) -> Path:
    """Return the folder for downloads that several checkouts share."""
    base = variables.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tapeline"
