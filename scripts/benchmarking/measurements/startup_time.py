"""A whole scripts/demo: how long until its first row is stored, and what its processes hold."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from scripts.benchmarking.servers import Servers
from scripts.launcher.paths import ROOT
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.processes import Command

_MOST_SECONDS = 240.0


@dataclass(frozen=True)
class Started:
    """Seconds from the demo's start to its first row, and each process's memory at its end."""

    first_row_seconds: float
    memory_bytes: Mapping[str, int]


def run(servers: Servers, name: str, seconds: float, *options: str) -> Started:
    """Run the demo for so long after its start, in a folder of its own. Raises SetupError."""
    result = servers.directory / f"demo-{name}.json"
    words = [str(ROOT / "scripts" / "demo"), "--seconds", str(seconds), "--json", str(result)]
    processes.run(
        Command(
            name=f"demo-{name}",
            arguments=[*words, *options],
            log=servers.directory / "logs" / f"demo-{name}.log",
            environment=dict(os.environ),
            directory=ROOT,
        ),
        _MOST_SECONDS + seconds,
    )
    told = json.loads(result.read_text("utf-8"))
    memory = {process: round(size * 1e6) for process, size in told["memory_mb"].items()}
    return Started(told["seconds_to_first_row"], memory)
