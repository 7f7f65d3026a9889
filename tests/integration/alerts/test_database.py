"""A database that is away, and one that hangs, as the exporter and the rules tell them."""

from __future__ import annotations

import socket
from pathlib import Path

import requests

from scripts.local_stack.servers import processes
from scripts.local_stack.servers.ports import HOST, free_ports
from tests.fixtures.live import wait_for
from tests.integration.alerts.servers import Server, start_postgres_exporter, start_prometheus


def exporter(folder: Path, port: int) -> Server:
    folder.mkdir()
    (folder / "password").write_text("nobody asks for it", "utf-8")
    return start_postgres_exporter(folder, port, "market", folder / "password")


def test_one_that_refuses_connections_is_away(tmp_path: Path) -> None:
    (nobody,) = free_ports(1)
    running = exporter(tmp_path / "away", nobody)
    try:
        told = requests.get(f"http://{running.address}/metrics", timeout=60).text
        assert "\npg_up 0\n" in told
    finally:
        processes.stop([running.child], 10)


def test_one_that_hangs_is_away_as_well(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as hanging:
        asking = exporter(tmp_path / "hangs", hanging.getsockname()[1])
        judging = start_prometheus(tmp_path, {"postgres": asking.address})

        def told() -> set[str]:
            alerts = judging.get("/api/v1/alerts")["data"]["alerts"]
            return {one["labels"]["alertname"] for one in alerts}

        try:
            wait_for(lambda: told() == {"DatabaseAway", "Watchdog"}, f"the alert: {told()}")
        finally:
            processes.stop([asking.child, judging.child], 10)
