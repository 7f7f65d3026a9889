"""A database that is away, one that hangs, and a gap in its archive, as exporter and rules tell."""

from __future__ import annotations

import socket
from pathlib import Path

import requests

from scripts.local_stack.servers import processes
from scripts.local_stack.servers.passwords import EXPORTER
from scripts.local_stack.servers.ports import HOST, free_ports
from tests.fixtures.live import wait_for
from tests.fixtures.market import fresh_market
from tests.fixtures.servers import Postgres
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


def test_a_gap_of_the_archive_is_told_until_it_is_closed(
    postgres: Postgres, tmp_path: Path
) -> None:
    with fresh_market(postgres) as market:
        [(data,)] = market.rows("show data_directory")
        at, password = market.address(EXPORTER), postgres.password_files[EXPORTER]
        asking = start_postgres_exporter(tmp_path, at.port, at.database, password)

        def gap_seconds() -> float:
            told = requests.get(f"http://{asking.address}/metrics", timeout=60).text
            [line] = [one for one in told.splitlines() if one.startswith("archive_gap_seconds{")]
            return float(line.rsplit(" ", 1)[1])

        mark = Path(data).parent / ".archive_gap"
        try:
            assert gap_seconds() == 0
            mark.touch()
            assert 0 < gap_seconds() < 600
            mark.unlink()
            assert gap_seconds() == 0
        finally:
            mark.unlink(missing_ok=True)
            processes.stop([asking.child], 10)
