"""Which PostgreSQL with TLS is taken."""

from __future__ import annotations

from pathlib import Path

from scripts.local_stack.servers.postgres_tls import find


def install(programs: Path, version: str, *names: str) -> Path:
    folder = programs / version / "bin"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_the_newest_whole_server_is_taken(tmp_path: Path) -> None:
    assert find(tmp_path) is None
    install(tmp_path, "9", "postgres", "initdb")
    newest = install(tmp_path, "17", "postgres", "initdb")
    install(tmp_path, "18", "psql")
    assert find(tmp_path) == newest
