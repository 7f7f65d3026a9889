"""The password of a Kafka elsewhere: brought as a file, and taken back where it does not work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.operations.credentials import rotation
from scripts.operations.errors import OperationError
from tests.unit.operations.fakes import listed, operation

FOLDER = "/opt/tapeline/keys/kafka"
GOOD = listed(kafka="healthy", secrets="exited 0", stream="healthy", producer="healthy")
BAD = listed(kafka="healthy", secrets="exited 0", stream="healthy", producer="unhealthy")
RUNNING = {"ps --quiet": "0a1b\n"}


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "password").write_text("  c4nary\n\n", encoding="utf-8")
    return str(tmp_path / "password")


def test_it_is_sent_as_a_file_and_its_readers_start_anew(file: str) -> None:
    one, shell, _ = operation({**RUNNING, "ps --all": GOOD})
    rotation.rotate(one, "kafka_password", file)
    assert shell.sent == {f"{FOLDER}/password.new": b"c4nary\n"}
    assert not [command for command in shell.ran if "c4nary" in command]
    restarted = [command.split()[-1] for command in shell.ran if " restart " in command]
    assert restarted == ["producer", "stream"]
    assert f"rm -f {FOLDER}/password.before" in shell.ran


def test_before_the_first_start_it_waits_there(file: str) -> None:
    one, shell, said = operation({"ps --quiet": (1, "no configuration file provided")})
    rotation.rotate(one, "kafka_ca", file)
    assert [*shell.sent] == [f"{FOLDER}/ca.pem.new"]
    assert said == ["kafka_ca is there for the next start"]


def test_one_with_which_the_services_do_not_run_is_taken_back(file: str) -> None:
    states: Iterator[str] = iter([BAD] * 400)
    back = [False]

    def state() -> str:
        back[0] = any(command.startswith("mv ") for command in shell.ran[-12:]) or back[0]
        return GOOD if back[0] else next(states)

    one, shell, _ = operation({**RUNNING, "ps --all": state})
    with pytest.raises(OperationError, match="kafka_password is as it was before"):
        rotation.rotate(one, "kafka_password", file)
    assert f"mv {FOLDER}/password.before {FOLDER}/password" in shell.ran
