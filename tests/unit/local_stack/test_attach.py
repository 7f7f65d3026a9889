"""How the stream's tools find a running demo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.launcher.errors import SetupError
from scripts.launcher.paths import CONNECTOR_JARS, ROOT, SPARK_CLASS_ARCHIVE, VENV
from scripts.local_stack.attach import environment, read_connection, split_data_dir

CONNECTION = {
    "host": "127.0.0.1",
    "port": 15432,
    "database": "market",
    "user": "dashboard_reader",
    "password_file": "/d/secrets/dashboard_reader_password",
    "kafka": "127.0.0.1:19092",
}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--from", "2h"], (None, ["--from", "2h"])),
        (["--data-dir", "d", "--from", "2h"], (Path("d"), ["--from", "2h"])),
        (["--from", "2h", "--data-dir=d", "--dry-run"], (Path("d"), ["--from", "2h", "--dry-run"])),
        (["--help"], (None, ["--help"])),
    ],
    ids=["without", "first", "in between", "help"],
)
def test_the_data_directory_is_split_off(
    arguments: list[str], expected: tuple[Path | None, list[str]]
) -> None:
    assert split_data_dir(arguments) == expected


def test_a_tool_gets_the_addresses_of_the_demo_and_the_writers_password(tmp_path: Path) -> None:
    (tmp_path / "connection.json").write_text(json.dumps(CONNECTION), encoding="utf-8")

    found = environment(tmp_path, read_connection(tmp_path), Path("/java"))

    assert found == {
        "KAFKA_BOOTSTRAP": "127.0.0.1:19092",
        "KAFKA_SECURITY_PROTOCOL": "",
        "KAFKA_USER": "",
        "KAFKA_CA_FILE": "",
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": "15432",
        "POSTGRES_DB": "market",
        "POSTGRES_USER": "stream_writer",
        "POSTGRES_PASSWORD_FILE": str(tmp_path / "secrets" / "stream_writer_password"),
        "CONNECTOR_JARS_DIR": str(CONNECTOR_JARS),
        "SPARK_CLASS_ARCHIVE": str(SPARK_CLASS_ARCHIVE),
        "JAVA_HOME": "/java",
        "PYSPARK_PYTHON": str(VENV / "bin" / "python"),
        "PYTHONPATH": str(ROOT),
    }


def test_without_a_demo_there_it_says_which_command_starts_one(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="scripts/demo --data-dir"):
        read_connection(tmp_path)
