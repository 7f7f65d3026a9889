"""Says at the end of a run where its time went: how busy the processors were, how much memory was
in use, and what each process did. By that the number of processes and their order are chosen.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_SLOWEST_FILES = 25
_MEBIBYTE_KIB = 1024


def processor_ticks() -> tuple[int, int]:
    """Return what all processors have spent since the machine's start: at work, and idle."""
    words = Path("/proc/stat").read_text("ascii").splitlines()[0].split()
    user, nice, system, idle, waiting, *rest = map(int, words[1:9])
    return user + nice + system + sum(rest), idle + waiting


def memory_in_use_mib() -> int:
    """Return the memory that no further program could have."""
    lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    size_kib = {name: int(value.split()[0]) for name, value in (line.split(":") for line in lines)}
    return (size_kib["MemTotal"] - size_kib["MemAvailable"]) // _MEBIBYTE_KIB


@dataclass
class Work:
    """What one process did: seconds in tests, and when it had ended the last one."""

    seconds: float = 0.0
    ended_at: float = 0.0
    last_file: str = ""


@dataclass(eq=False)  # pytest keeps its plugins in sets
class RunReport:
    """Gathers the reports of all processes of a run; a plugin of the one that the user started."""

    begun_at: float = field(default_factory=time.time)
    ticks: tuple[int, int] = field(default_factory=processor_ticks)
    memory_mib: int = 0
    by_process: dict[str, Work] = field(default_factory=dict)
    by_file: Counter[str] = field(default_factory=Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a set-up, a call or a teardown."""
        node = getattr(report, "node", None)
        process = node.gateway.id if node is not None else "the only process"
        work = self.by_process.setdefault(process, Work())
        file = report.nodeid.partition("::")[0]
        work.seconds += report.duration
        work.ended_at, work.last_file = report.stop - self.begun_at, file
        self.by_file[file] += report.duration  # type: ignore[assignment]
        self.memory_mib = max(self.memory_mib, memory_in_use_mib())

    def lines(self) -> list[str]:
        """Return the report."""
        busy, idle = (now - then for now, then in zip(processor_ticks(), self.ticks, strict=True))
        share = f"{100 * busy / max(1, busy + idle):.0f} %"
        return [
            f"{os.cpu_count()} processors, {share} busy; at most {self.memory_mib} MiB in use",
            *(
                f"{name}: {work.seconds:.0f} s in tests, the last one ended at "
                f"{work.ended_at:.0f} s in {work.last_file}"
                for name, work in sorted(self.by_process.items())
            ),
            *(
                f"{seconds:7.1f} s {file}"
                for file, seconds in self.by_file.most_common(_SLOWEST_FILES)
            ),
        ]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show it, where tests have run."""
        if not self.by_process:
            return
        terminalreporter.section("where the time went")
        for line in self.lines():
            terminalreporter.write_line(line)


def register(config: pytest.Config) -> None:
    """Have a run say where its time went, once, where Linux tells."""
    is_one_of_several = hasattr(config, "workerinput")
    if not is_one_of_several and Path("/proc/stat").exists():
        config.pluginmanager.register(RunReport(), "run report")
