"""Reads the kernel's table of processes: who belongs to whom, and how much memory they use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_ZOMBIE = "Z"


@dataclass(frozen=True)
class Entry:
    """A process: its own number, its parent's, and that of its session's leader."""

    pid: int
    parent: int
    session: int


def running(proc: Path = _PROC) -> list[Entry]:
    """Return all processes that have not ended."""
    entries = []
    for folder in proc.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            status = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:  # it ended in between
            continue
        # The name, in brackets, may itself hold blanks and brackets.
        state, parent, _group, session = status.rpartition(")")[2].split()[:4]
        if state != _ZOMBIE:
            entries.append(Entry(int(folder.name), int(parent), int(session)))
    return entries


def in_session(leader: int, entries: Iterable[Entry]) -> set[int]:
    """Return the processes of the session that `leader` began."""
    return {entry.pid for entry in entries if entry.session == leader}


def descendants(root: int, entries: Iterable[Entry]) -> set[int]:
    """Return the process and all that it started, directly or not."""
    children: dict[int, list[int]] = {}
    for entry in entries:
        children.setdefault(entry.parent, []).append(entry.pid)
    found, waiting = set(), [root]
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting.extend(children.get(pid, ()))
    return found


def program(pid: int, proc: Path = _PROC) -> str:
    """Return the name of the process's program, none if it has ended."""
    try:
        return (proc / str(pid) / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def memory_bytes(pids: Iterable[int], proc: Path = _PROC) -> int:
    """Return the memory that the processes hold, each shared page counted once (PSS)."""
    total = 0
    for pid in pids:
        try:
            lines = (proc / str(pid) / "smaps_rollup").read_text(encoding="utf-8").splitlines()
        except OSError:  # it ended in between
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total
