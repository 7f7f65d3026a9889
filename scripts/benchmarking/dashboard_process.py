"""A dashboard over one of the benchmark's databases, as a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarking.servers import Servers
from scripts.launcher.paths import CHART_LIBRARY
from scripts.local_stack.servers import database, processes
from scripts.local_stack.servers.ports import free_ports
from scripts.local_stack.servers.processes import Child

PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class DashboardProcess:
    """The running process and its port on loopback."""

    child: Child
    port: int

    def peak_memory_bytes(self) -> int:
        """Return the most memory that it has held (its resident set) since it was forgotten."""
        status = Path(f"/proc/{self.child.process.pid}/status").read_text("utf-8")
        [peak] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(peak.split()[1]) * 1024

    def forget_peak_memory(self) -> None:
        """Count the most memory from now on."""
        Path(f"/proc/{self.child.process.pid}/clear_refs").write_text("5", encoding="ascii")


@contextlib.contextmanager
def serving(servers: Servers, login: database.Login) -> Iterator[DashboardProcess]:
    """Run a dashboard on a database until the block ends. Raises SetupError."""
    (port,) = free_ports(1)
    page = processes.start(
        servers.service(
            "services.dashboard.main",
            f"dashboard-{port}",
            DASHBOARD_PORT=str(port),
            DASHBOARD_SERVICE_PASSWORD_FILE=str(servers.passwords["dashboard_service"]),
            DASHBOARD_LIBRARY_DIR=str(CHART_LIBRARY),
            POSTGRES_PORT=str(login.port),
            POSTGRES_DB=login.database,
        )
    )
    try:
        processes.wait_until(lambda: "listening" in log_of(page), page, PATIENCE_SECONDS)
        yield DashboardProcess(page, port)
    finally:
        processes.stop([page], 20)


def log_of(child: Child) -> str:
    """Return what a process has said."""
    return child.command.log.read_text("utf-8", errors="replace")
