"""The exporter of the machine's figures as a process, beside Prometheus and Alertmanager."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from scripts.launcher.paths import ROOT
from scripts.local_stack.servers import monitoring
from scripts.local_stack.servers.monitoring import (
    Server,
    start_alertmanager,
    start_postgres_exporter,
)
from scripts.local_stack.servers.ports import HOST, free_ports

__all__ = [
    "Server",
    "start_alertmanager",
    "start_node_exporter",
    "start_postgres_exporter",
    "start_prometheus",
]

OF_HOST = (
    "tapeline_backup_timestamp_seconds",
    "tapeline_drill_timestamp_seconds",
    "tapeline_deploy_rolled_back",
    "tapeline_certificate_begin_timestamp_seconds",
    "tapeline_certificate_end_timestamp_seconds",
    "tapeline_engine_updates",
)


def start_node_exporter(folder: Path) -> Server:
    """Start the exporter of the machine's figures as its image does."""
    (port,) = free_ports(1)
    variables = {
        "NODE_EXPORTER_LISTEN": f"{HOST}:{port}",
        "NODE_EXPORTER_FILES": str(told_by_the_host(folder)),
    }
    return monitoring.start_exporter("node-exporter", folder, port, variables)


def start_prometheus(folder: Path, targets: Mapping[str, str], scrape_seconds: int = 1) -> Server:
    """Start Prometheus, which asks once a second unless told otherwise."""
    return monitoring.start_prometheus(folder, targets, scrape_seconds)


def told_by_the_host(folder: Path) -> Path:
    """Return a folder with the figures that a host's programs tell, written as they do."""
    figures = folder / "metrics"
    figures.mkdir()
    program = ROOT / "scripts" / "operations" / "status" / "host-metric"
    for name in OF_HOST:
        command = [str(program), name, "1"]
        subprocess.run(command, check=True, env={**os.environ, "TAPELINE_METRICS": str(figures)})
    return figures
