"""Prometheus, Alertmanager and exporters as processes on free ports, as in the images."""

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
from scripts.local_stack.servers.passwords import EXPORTER
from scripts.local_stack.servers.ports import HOST, free_ports
from scripts.local_stack.servers.processes import Child, Command

_PROMETHEUS = ROOT / "services" / "prometheus"
_ANSWER_SECONDS = 20
_START_SECONDS = 240
_EXPORTERS_SECONDS = 4
_RULES_OWN_PACE = ("scrape_interval", "scrape_timeout", "evaluation_interval")


@dataclass(frozen=True)
class Server:
    """A server that answers at `address`."""

    child: Child
    address: str

    def get(self, path: str, **parameters: str) -> Any:
        """Return the JSON document at a path."""
        answer = requests.get(f"http://{self.address}{path}", parameters, timeout=_ANSWER_SECONDS)
        answer.raise_for_status()
        return answer.json()


def start_alertmanager(folder: Path, config: Path) -> Server:
    """Start Alertmanager with a configuration; wait until it is ready. Raises SetupError."""
    (port,) = free_ports(1)
    options = [
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={HOST}:{port}",
        "--cluster.listen-address=",
    ]
    program = with_templates("prometheus-alertmanager", os.environ)
    return start_server("alertmanager", [*program, *options], folder, port)


def start_prometheus(
    folder: Path, targets: Mapping[str, str], scrape_seconds: int | None = None
) -> Server:
    """Start Prometheus with the rules and jobs of the image, each job at an address of `targets`.

    Jobs without an address are left out, and so is Alertmanager if it has none. Without
    `scrape_seconds` it asks and judges as often as the image does. Raises SetupError.
    """
    (port,) = free_ports(1)
    at = {"prometheus": f"{HOST}:{port}", **targets}
    config = yaml.safe_load((_PROMETHEUS / "prometheus.yml").read_text("utf-8"))
    if scrape_seconds is not None:
        config["global"] = dict.fromkeys(_RULES_OWN_PACE, f"{scrape_seconds}s")
    config["rule_files"] = [str(_PROMETHEUS / "rules" / "*.yml")]
    notified = [{"targets": [at["alertmanager"]]}] if "alertmanager" in at else []
    config["alerting"]["alertmanagers"] = [{"static_configs": notified}]
    config["scrape_configs"] = [
        {
            **{name: part for name, part in job.items() if name != "dns_sd_configs"},
            "static_configs": [{"targets": [at[job["job_name"]]]}],
        }
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
    return start_server("prometheus", [str(tool("prometheus", os.environ)), *options], folder, port)


def start_postgres_exporter(folder: Path, port: int, database: str, password: Path) -> Server:
    """Start the exporter of the figures of a database on this machine, as its image does. The
    file holds the password of the exporter's role. Raises SetupError."""
    (own,) = free_ports(1)
    within = f"sslmode=disable&connect_timeout={_EXPORTERS_SECONDS}"
    variables = {
        "DATA_SOURCE_URI": f"{HOST}:{port}/{database}?{within}",
        "DATA_SOURCE_USER": EXPORTER,
        "DATA_SOURCE_PASS_FILE": str(password),
        "POSTGRES_EXPORTER_LISTEN": f"{HOST}:{own}",
    }
    return start_exporter("postgres-exporter", folder, own, variables)


def start_exporter(service: str, folder: Path, port: int, variables: Mapping[str, str]) -> Server:
    """Start an exporter as its image does; wait until it answers. Raises SetupError."""
    programs = folder / f"programs-of-{service}"
    programs.mkdir()
    name = f"prometheus-{service}"
    (programs / name).symlink_to(tool(name, os.environ))
    environment = {**variables, "PATH": f"{programs}:{os.environ['PATH']}"}
    entrypoint = str(ROOT / "services" / service / "entrypoint.sh")
    return start_server(service, [entrypoint], folder, port, environment, "/")


def start_server(
    name: str,
    command: list[str],
    folder: Path,
    port: int,
    variables: Mapping[str, str] | None = None,
    ready: str = "/-/ready",
) -> Server:
    """Start a server; wait until a path of it answers. Raises SetupError."""
    child = processes.start(Command(name, command, folder / f"{name}.log", variables))
    server = Server(child, f"{HOST}:{port}")
    processes.wait_until(lambda: _answers(server, ready), child, _START_SECONDS)
    return server


def _answers(server: Server, path: str) -> bool:
    try:
        return requests.get(f"http://{server.address}{path}", timeout=_ANSWER_SECONDS).ok
    except requests.ConnectionError:
        return False
