"""`fab import`: which files reach the container, under which names, here and on a host."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from scripts.operations import history_import
from scripts.operations.errors import OperationError
from scripts.operations.target import LOCAL
from tests.unit.operations.fakes import COMPOSE, operation

RUN = "run --rm --no-deps --no-TTY --env 'SPARK_MASTER=local[1]'"
PYTHON = "stream python -m services.stream.importing"
FOLDER = "/opt/tapeline/import-20261124203000"


def _write(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("bars\n", "utf-8")
    return path.resolve()


def test_on_a_host_files_are_sent_with_their_folders_and_taken_away_again(tmp_path: Path) -> None:
    path = _write(tmp_path, "equity/usa/minute/spy/20261127_trade.zip")
    made, shell, said = operation({})

    code = history_import.run(made, f"'{tmp_path}/equity'", "--dry-run", there=False)

    assert code == 0
    [(sent, data)] = shell.sent.items()
    assert sent == f"{FOLDER}.tar"
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = {file.name: int(file.mtime) for file in archive.getmembers() if file.isfile()}
    assert files == {str(path)[1:]: int(path.stat().st_mtime)}
    assert said == ["sending 0.0 MiB to prod"]
    assert shell.ran == [
        f"mkdir -p {FOLDER} && tar -x -f {FOLDER}.tar -C {FOLDER} --no-same-owner"
        f" && chmod -R u+rwX,go+rX {FOLDER} && rm {FOLDER}.tar",
        f"{COMPOSE} {RUN} --volume {FOLDER}:/history:ro {PYTHON} --dry-run"
        f" /history{(tmp_path / 'equity').resolve()}",
        f"rm -rf {FOLDER} {FOLDER}.tar",
    ]


def test_what_was_imported_is_recorded_and_its_exit_code_is_the_commands(tmp_path: Path) -> None:
    path = _write(tmp_path, "IBM.csv")
    made, shell, _ = operation({"services.stream.importing": (2, "")})

    assert history_import.run(made, str(path), "--symbol IBM", there=False) == 2

    assert shell.ran[-2] == f"rm -rf {FOLDER} {FOLDER}.tar"
    assert f"import {path} --symbol IBM: ended with 2" in shell.ran[-1]


def test_files_that_lie_on_the_host_are_not_sent() -> None:
    made, shell, _ = operation({})

    history_import.run(made, "/data/equity/usa/hour/a.zip /data/equity/usa/hour/b.zip", "", True)

    assert shell.sent == {}
    assert shell.ran[0] == (
        f"{COMPOSE} {RUN} --volume /data:/history:ro {PYTHON}"
        " /history/equity/usa/hour/a.zip /history/equity/usa/hour/b.zip"
    )


def test_on_this_machine_the_container_sees_the_folders_as_they_are(tmp_path: Path) -> None:
    for name in ("one/two/three/four/b.csv", "one/two/three/four/a.csv"):
        _write(tmp_path, name)
    made, shell, _ = operation({}, LOCAL)

    history_import.run(made, f"{tmp_path}/one/two/three/four/*.csv", "--interval 1d", there=False)

    assert shell.ran[0] == (
        f"docker compose {RUN} --volume {tmp_path.resolve()}:/history:ro {PYTHON} --interval 1d"
        " /history/one/two/three/four/a.csv /history/one/two/three/four/b.csv"
    )


@pytest.mark.parametrize(
    ("files", "there", "where", "said"),
    [
        ("/no/such/file.csv", False, "host", "/no/such/file.csv is no file"),
        ("", False, "host", "name the files"),
        ("'", False, "host", "the files: No closing quotation"),
        ("/data/a.csv", True, "local", "say which, --stack NAME"),
        ("data/a.csv", True, "host", "by its whole path"),
        ("/data/a.csv /other/b.csv", True, "host", "one folder at a time"),
    ],
)
def test_what_cannot_be_imported_is_said_before_anything_is_sent(
    files: str, there: bool, where: str, said: str
) -> None:
    made, shell, _ = operation({}, LOCAL) if where == "local" else operation({})

    with pytest.raises(OperationError, match=said):
        history_import.run(made, files, "", there)

    assert (shell.ran, shell.sent) == ([], {})
