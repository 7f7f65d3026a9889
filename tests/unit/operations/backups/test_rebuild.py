"""A rebuild: what is run on an empty host, in order, and what refuses it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.operations.backups import rebuild
from scripts.operations.errors import OperationError
from scripts.operations.releases import deploy
from scripts.operations.releases.deploy import Plan
from tests.unit.operations.fakes import Answer, operation, outputs
from tests.unit.operations.releases.answers import GOOD, READY
from tests.unit.operations.releases.test_deploy import RELEASE

PLAN = Plan(RELEASE, "build", with_ansible=False, reason="", gate_seconds=6)
IDENTIFIER = "qcrtZyqdQOuuNtfURjGiQg"
EMPTY: dict[str, Answer] = {
    "engine=": READY,
    "if [ -s serving ]": "none\n",
    "market.sink_offsets": "market.bars|0|12\nmarket.bars|1|0\n",
    "begin-at": f"market.bars {IDENTIFIER}\n",
    "ps --all --format": GOOD,
}


@pytest.fixture(autouse=True)
def nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "bring", lambda *_: None)


def test_an_empty_host_gets_database_topics_and_release(tmp_path: Path) -> None:
    one, shell, _ = operation(EMPTY)
    secret = tmp_path / "dev.backup_passphrase"
    secret.write_text("CANARY\n", encoding="utf-8")
    lines = rebuild.rebuild(one, PLAN, "2026-11-24T06:00:00Z", str(secret))
    assert lines == [
        "market.bars 0 begins at 12",
        "market.bars 1 begins at 0",
        "rebuilt in 0 s",
    ]
    steps = (
        *("mkdir /opt/tapeline/lock", "ln -sfn", "if [ -s serving ]", "chown 10001", "test -e"),
        *("run --rm --no-TTY secrets", "stop stream postgres", "pgbackrest/restore"),
        *("up --detach --no-build postgres", "sink_offsets", "up --detach --no-build kafka"),
        *("--no-TTY topics", "stop kafka", "begin-at", "set topic_id", "ln -sfn"),
        *("up --detach --no-build --remove-orphans", "audit", "rm -rf"),
    )
    ran = [line for line in shell.ran[1:] if " ps --all --format" not in line]
    assert [step for step, line in zip(steps, ran, strict=True) if step in line] == [*steps]
    [known] = [line for line in ran if "set topic_id" in line]
    assert "a9caed67-2a9d-40eb-ae36-d7d44631a242" in known
    assert shell.sent == {"/opt/tapeline/given/backup_passphrase.new": b"CANARY\n"}
    assert not [line for line in ran if "CANARY" in line]


def test_a_host_that_has_a_database_is_left_alone() -> None:
    one, shell, _ = operation({**EMPTY, "if [ -s serving ]": "17\n"})
    with pytest.raises(OperationError, match="prod has a database already; `fab restore`"):
        rebuild.rebuild(one, PLAN, "", "")
    assert not [line for line in shell.ran if "pgbackrest" in line]


def test_a_passphrase_that_cannot_be_read_changes_nothing() -> None:
    one, shell, _ = operation(EMPTY)
    with pytest.raises(OperationError, match=r"--passphrase: .*No such file"):
        rebuild.rebuild(one, PLAN, "", "/no/such/file")
    assert shell.ran == []


def test_without_a_ledger_topics_begin_anew() -> None:
    one, shell, _ = operation({**EMPTY, "market.sink_offsets": ""})
    lines = rebuild.rebuild(one, PLAN, "", "")
    assert lines[0] == "no record was ever read: the topics begin anew"
    assert not [line for line in shell.ran if "begin-at" in line]


def test_topics_of_a_kafka_elsewhere_are_left_as_they_are() -> None:
    one, shell, _ = operation(EMPTY)
    one.outputs = replace(outputs(), settings={"KAFKA_BOOTSTRAP": "broker.example.org:9096"})
    lines = rebuild.rebuild(one, PLAN, "", "")
    assert lines[0] == (
        "the topics at broker.example.org:9096 are read on from where the restored ledger ends"
    )
    assert not [line for line in shell.ran if "begin-at" in line or "set topic_id" in line]
