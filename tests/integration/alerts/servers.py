"""Prometheus and Alertmanager as processes on free ports, with the configuration of the images."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from scripts.containers.monitoring_tools import tool, with_templates
from scripts.launcher.paths import ROOT
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.ports import HOST, free_ports
from scripts.local_stack.servers.processes import Child, Command
from tests.fixtures.live import wait_for

SECONDS = 20
PROMETHEUS = ROOT / "services" / "prometheus"


@dataclass(frozen=True)
class Server:
    """A server that answers at `address`."""

    child: Child
    address: str

    def get(self, path: str, **parameters: str) -> Any:
        """Return the JSON document at a path."""
        answer = requests.get(f"http://{self.address}{path}", parameters, timeout=SECONDS)
        answer.raise_for_status()
        return answer.json()


def start_alertmanager(folder: Path, config: Path) -> Server:
    """Start Alertmanager with a configuration; wait until it is ready."""
    (port,) = free_ports(1)
    options = [
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={HOST}:{port}",
        "--cluster.listen-address=",
    ]
    program = with_templates("prometheus-alertmanager", os.environ)
    return _start("alertmanager", [*program, *options], folder, port)


def start_node_exporter(folder: Path) -> Server:
    """Start the exporter of the machine's figures as its image does."""
    (port,) = free_ports(1)
    programs = folder / "programs"
    programs.mkdir()
    name = "prometheus-node-exporter"
    (programs / name).symlink_to(tool(name, os.environ))
    variables = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "NODE_EXPORTER_LISTEN": f"{HOST}:{port}",
    }
    entrypoint = str(ROOT / "services" / "node-exporter" / "entrypoint.sh")
    return _start("node-exporter", [entrypoint], folder, port, variables, "/")


def start_prometheus(folder: Path, targets: Mapping[str, str], scrape_seconds: int = 1) -> Server:
    """Start Prometheus with the rules and jobs of the image, each job at an address of `targets`.

    Jobs without an address are left out, and so is Alertmanager if it has none.
    """
    (port,) = free_ports(1)
    at = {"prometheus": f"{HOST}:{port}", **targets}
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))
    intervals = ("scrape_interval", "scrape_timeout", "evaluation_interval")
    config["global"] = dict.fromkeys(intervals, f"{scrape_seconds}s")
    config["rule_files"] = [str(PROMETHEUS / "rules" / "*.yml")]
    notified = [{"targets": [at["alertmanager"]]}] if "alertmanager" in at else []
    config["alerting"]["alertmanagers"] = [{"static_configs": notified}]
    config["scrape_configs"] = [
        {**job, "static_configs": [{"targets": [at[job["job_name"]]]}]}
        for job in config["scrape_configs"]
        if job["job_name"] in at
    ]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    options = [
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={HOST}:{port}",
    ]
    return _start("prometheus", [str(tool("prometheus", os.environ)), *options], folder, port)


def _start(
    name: str,
    command: list[str],
    folder: Path,
    port: int,
    variables: Mapping[str, str] | None = None,
    ready: str = "/-/ready",
) -> Server:
    child = processes.start(Command(name, command, folder / f"{name}.log", variables))
    server = Server(child, f"{HOST}:{port}")
    wait_for(lambda: _is_ready(server, ready), f"{name}: {folder / f'{name}.log'}")
    return server


def _is_ready(server: Server, path: str) -> bool:
    assert server.child.is_running(), server.child.failure()
    try:
        return requests.get(f"http://{server.address}{path}", timeout=SECONDS).ok
    except requests.ConnectionError:
        return False
