"""Runs one of the stream's tools against a running demo, found by its data directory.

`scripts/replay`, `scripts/reconcile` and `scripts/import` come here: with --data-dir the addresses
and the password are taken from there, without it from the environment, as on a server.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from scripts.installation.setup import set_up
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import CONNECTOR_JARS, ROOT, SPARK_CLASS_ARCHIVE, VENV
from scripts.launcher.progress import say
from services.stream.importing.options import import_parser
from services.stream.reconcile.options import reconcile_parser
from services.stream.replay.options import replay_parser

_PYTHON = VENV / "bin" / "python"
_PARSERS: Mapping[str, Callable[[], argparse.ArgumentParser]] = {
    "services.stream.replay": lambda: replay_parser(datetime.now(UTC)),
    "services.stream.reconcile": reconcile_parser,
    "services.stream.importing": import_parser,
}


def split_data_dir(arguments: Sequence[str]) -> tuple[Path | None, list[str]]:
    """Return the value of --data-dir, and the arguments that are the tool's own."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--data-dir", type=Path)
    own, rest = parser.parse_known_args(arguments)
    return own.data_dir, rest


def environment(directory: Path, connection: Mapping[str, Any], java_home: Path) -> dict[str, str]:
    """Return the settings of the stream for a demo whose connection.json is given."""
    return {
        "KAFKA_BOOTSTRAP": str(connection["kafka"]),
        # The demo's own broker asks for nothing.
        **dict.fromkeys(("KAFKA_SECURITY_PROTOCOL", "KAFKA_USER", "KAFKA_CA_FILE"), ""),
        "POSTGRES_HOST": str(connection["host"]),
        "POSTGRES_PORT": str(connection["port"]),
        "POSTGRES_DB": str(connection["database"]),
        "POSTGRES_USER": "stream_writer",
        "POSTGRES_PASSWORD_FILE": str(directory / "secrets" / "stream_writer_password"),
        **local_environment(java_home),
    }


def local_environment(java_home: Path) -> dict[str, str]:
    """Return the settings that are the same for every run in this checkout."""
    return {
        "CONNECTOR_JARS_DIR": str(CONNECTOR_JARS),
        "SPARK_CLASS_ARCHIVE": str(SPARK_CLASS_ARCHIVE),
        "JAVA_HOME": str(java_home),
        "PYSPARK_PYTHON": str(_PYTHON),
        "PYTHONPATH": str(ROOT),
    }


def read_connection(directory: Path) -> Mapping[str, Any]:
    """Return what connection.json says. Raises SetupError if no demo runs there."""
    file = directory / "connection.json"
    try:
        connection: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SetupError(
            f"--data-dir: {file} is not there; it is while `scripts/demo --data-dir {directory}` "
            "runs"
        ) from None
    return connection


def _command(module: str) -> str:
    # A package cannot be called import.
    return {"importing": "import"}.get(name := module.rpartition(".")[2], name)


def main() -> NoReturn:
    """Become the tool that the first argument names, with the rest as its arguments."""
    module, *arguments = sys.argv[1:]
    directory, rest = split_data_dir(arguments)
    if {"-h", "--help"} & set(rest):
        parser = _PARSERS[module]()
        parser.add_argument(
            "--data-dir",
            metavar="DIR",
            help="of the demo that runs there; without it, of what the environment names",
        )
        parser.prog = f"scripts/{_command(module)}"
        parser.print_help()
        sys.exit()
    try:
        java_home = set_up(os.environ, to_run_only=True).home
        if directory is None:
            found = local_environment(java_home) | dict(os.environ)
        else:
            found = environment(directory, read_connection(directory), java_home)
    except SetupError as error:
        say(f"scripts/{_command(module)}: {error}")
        sys.exit(2)
    os.execve(  # noqa: S606 - no shell is wanted
        _PYTHON, [str(_PYTHON), "-P", "-m", module, *rest], {**os.environ, **found}
    )


if __name__ == "__main__":
    main()
