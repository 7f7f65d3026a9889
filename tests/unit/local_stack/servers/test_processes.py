"""Processes are started, awaited and ended, and none stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.launcher.errors import SetupError
from scripts.launcher.paths import ROOT
from scripts.local_stack.servers import process_table, processes
from scripts.local_stack.servers.processes import Child, Command

STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
WITH_CHILD = "sleep 1000 & echo $!; wait"


def shell(tmp_path: Path, script: str, name: str = "shell") -> Command:
    return Command(name, ["sh", "-c", script], tmp_path / f"{name}.log")


def is_running(pid: int) -> bool:
    return pid in {entry.pid for entry in process_table.running()}


def await_(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def logged(child: Child) -> str:
    return child.command.log.read_text().strip()


def test_stop_asks_first(tmp_path: Path) -> None:
    child = processes.start(
        shell(tmp_path, "trap 'echo bye; kill $!; exit 0' TERM; sleep 1000 & echo up; wait")
    )
    await_(lambda: logged(child) == "up")
    processes.stop([child], grace_seconds=20)
    assert logged(child) == "up\nbye"
    assert child.process.returncode == 0


def test_stop_kills_what_does_not_listen(tmp_path: Path) -> None:
    child = processes.start(shell(tmp_path, STUBBORN))
    await_(lambda: logged(child) == "ready")
    processes.stop([child], grace_seconds=0.2)
    assert child.process.returncode == -signal.SIGKILL


def test_stop_ends_what_a_child_left_behind(tmp_path: Path) -> None:
    child = processes.start(shell(tmp_path, "trap '' HUP; sleep 1000 & echo $!"))
    child.process.wait(20)
    left = int(logged(child))
    assert is_running(left)
    processes.stop([child], grace_seconds=0)
    await_(lambda: not is_running(left))


@pytest.mark.parametrize("orphan_signal", ["SIGTERM", "SIGKILL"])
def test_children_die_with_a_parent_that_is_killed(tmp_path: Path, orphan_signal: str) -> None:
    parent_code = (
        "import signal, sys, time; from pathlib import Path\n"
        "from scripts.local_stack.servers import processes\n"
        "child = processes.start(processes.Command('c', ['sleep', '1000'], "
        f"Path({str(tmp_path / 'c.log')!r}), orphan_signal=signal.{orphan_signal}))\n"
        "print(child.process.pid, flush=True); time.sleep(1000)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent_code], stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        # Only after exec has the kernel been told whom to signal.
        await_(lambda: Path(f"/proc/{child}/comm").read_text() == "sleep\n")
        parent.kill()
    await_(lambda: not is_running(child))


def test_run_reports_a_failure_with_the_end_of_its_log(tmp_path: Path) -> None:
    command = shell(tmp_path, "echo first; echo last >&2; exit 3", "tool")
    with pytest.raises(SetupError) as caught:
        processes.run(command, timeout_seconds=20)
    assert str(caught.value) == (
        f"tool ended with exit code 3; the end of {command.log}:\n  first\n  last"
    )


def test_run_ends_what_takes_too_long(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"^tool did not finish within 0 s; "):
        processes.run(shell(tmp_path, "exec sleep 1000", "tool"), timeout_seconds=0.2)
    assert process_table.in_session(os.getpid(), []) == set()


def test_wait_until_notices_an_early_end(tmp_path: Path) -> None:
    child = processes.start(shell(tmp_path, "echo no; exit 1", "server"))
    with pytest.raises(SetupError, match="exit code 1"):
        processes.wait_until(lambda: False, child, timeout_seconds=20)


def test_wait_until_gives_up(tmp_path: Path) -> None:
    child = processes.start(shell(tmp_path, "echo slow; exec sleep 1000", "server"))
    with pytest.raises(SetupError, match="server was not ready within 0 s"):
        processes.wait_until(lambda: False, child, timeout_seconds=0.2)
    processes.stop([child], grace_seconds=20)


def test_the_table_knows_descendants_and_sessions(tmp_path: Path) -> None:
    child = processes.start(shell(tmp_path, WITH_CHILD))
    await_(lambda: logged(child).isdigit())
    entries = process_table.running()
    family = {child.process.pid, int(logged(child))}
    assert process_table.descendants(child.process.pid, entries) == family
    assert process_table.in_session(child.process.pid, entries) == family
    assert process_table.memory_bytes(family) > 0
    processes.stop([child], grace_seconds=0.2)


def test_the_table_reads_names_with_brackets_and_skips_zombies(tmp_path: Path) -> None:
    for pid, state in (("7", "S"), ("8", "Z")):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "stat").write_text(f"{pid} (a) b) {state} 1 5 5 0 -1")
    (tmp_path / "self").mkdir()
    (tmp_path / "7" / "smaps_rollup").write_text("Rss: 90 kB\nPss: 40 kB\nPss_Anon: 3 kB\n")
    assert process_table.running(tmp_path) == [process_table.Entry(pid=7, parent=1, session=5)]
    assert process_table.memory_bytes([7, 8], tmp_path) == 40 * 1024
