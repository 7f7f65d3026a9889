"""The rules of the house that import-linter cannot say: who may import which library."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = sorted(
    folder.name for folder in (ROOT / "services").iterdir() if (folder / "main.py").exists()
)
IO_LIBRARIES = {"exchange_calendars", "kafka", "prometheus_client", "psycopg", "py4j", "sqlite3"}


def imported(file: Path) -> set[str]:
    """Return the top-level packages that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.partition(".")[0])
    return found


def test_the_services_are_found() -> None:
    wanted = "alertmanager alerts dashboard producer secrets simulator stream topics"
    assert wanted.split() == SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_each_io_library_is_imported_by_one_file_of_a_service(service: str) -> None:
    importers = defaultdict(list)
    for file in sorted((ROOT / "services" / service).rglob("*.py")):
        for library in imported(file) & IO_LIBRARIES:
            importers[library].append(file.name)
    assert {library: files for library, files in importers.items() if len(files) > 1} == {}


def test_the_shared_vocabulary_needs_the_standard_library_alone() -> None:
    foreign = {
        file.name: sorted(imported(file) - set(sys.stdlib_module_names) - {"services"})
        for file in (ROOT / "services" / "common").rglob("*.py")
    }
    assert {name: packages for name, packages in foreign.items() if packages} == {}


def test_powerbi_keeps_input_and_output_at_its_edges() -> None:
    importers = defaultdict(set)
    for file in (ROOT / "powerbi").rglob("*.py"):
        for library in imported(file) & {"psycopg", "scramp", "socket", "os"}:
            importers[library].add(file.name)
    assert importers == {
        "os": {"__main__.py"},
        "psycopg": {"database.py"},
        "scramp": {"wire.py"},
        "socket": {"wire.py", "protocol.py"},
    }


@pytest.mark.parametrize("service", SERVICES)
def test_only_the_entry_points_read_the_environment(service: str) -> None:
    readers = {
        file.name
        for file in (ROOT / "services" / service).rglob("*.py")
        if "os.environ" in file.read_text("utf-8")
    }
    assert readers <= {"main.py", "command.py", "class_archive.py"}
