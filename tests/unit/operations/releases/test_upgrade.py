"""An upgrade: a backup first, the deploy, a look at all, and the way back where it fails."""

from __future__ import annotations

import re
import socket
from dataclasses import replace

import pytest

from scripts.operations.backups import backup_commands
from scripts.operations.credentials import certificate
from scripts.operations.errors import OperationError
from scripts.operations.hosts import preflight
from scripts.operations.releases.upgrade import upgrade
from scripts.operations.target import LOCAL
from tests.unit.operations.fakes import COMPOSE, HOST, Answer, operation
from tests.unit.operations.releases.answers import GOOD, READY

LABEL = "20261124-023000F_20261124-202900I"

WELL: dict[str, Answer] = {
    "engine=": READY,
    "readlink": "releases/before",
    "ps --all --format": GOOD,
    "pgbackrest/list": f"20261124-023000F\n{LABEL}\n",
    "enddate": "notBefore=Sep 19 20:31:00 2025 GMT\nnotAfter=Nov 28 20:31:00 2027 GMT\n",
    "tapeline-access": "203.0.113.0/24\n",
}

WAY_BACK = (
    "the way back: `fab rollback --stack prod --to before`, unless it runs again already; "
    "if that cannot read the database any more: "
    "`fab restore --stack prod --time 2026-11-24T20:30:00Z`"
)


@pytest.fixture(autouse=True)
def nothing_answers_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refused)


def test_an_upgrade_takes_a_backup_brings_the_release_and_looks_at_all() -> None:
    one, shell, said = operation(WELL)
    lines = upgrade(one, lambda label: shell.ran.append(f"the deploy, with {label}"))
    current = "/opt/tapeline/current"
    assert shell.ran[:6] == [
        f"if [ -e {current} ]; then readlink {current}; fi",
        "systemctl start tapeline-backup.service",
        backup_commands.labels(HOST),
        "mkdir -p /opt/tapeline && printf '%s\\n' "
        f"'2026-11-24T20:30:00Z ann@desk: backup: {LABEL}' >> /opt/tapeline/audit.log",
        f"the deploy, with {LABEL}",
        preflight.ASK,
    ]
    assert f"{COMPOSE} ps --all --format json" in shell.ran[6:]
    assert said == ["a backup first"]
    assert len(lines) == 8
    assert not [line for line in lines if not line.startswith("ok")]


def test_on_this_machine_the_backup_is_of_its_own_containers() -> None:
    one, shell, _ = operation(WELL, LOCAL)

    def fail(_: str) -> None:
        raise OperationError("docker compose up failed; see above")

    with pytest.raises(OperationError) as error:
        upgrade(one, fail)
    assert shell.ran[0] == "./scripts/operations/backups/backup docker compose"
    fault, way_back = str(error.value).splitlines()
    assert fault == "docker compose up failed; see above"
    assert re.findall("`(.*?)`", way_back) == [
        "fab deploy",
        "fab restore --time 2026-11-24T20:30:00Z",
    ]


def test_an_upgrade_that_leaves_something_ill_tells_the_way_back() -> None:
    ends = "notBefore=Sep 19 20:31:00 2024 GMT\nnotAfter=Nov 28 20:31:00 2026 GMT\n"
    one, _, _ = operation(WELL | {"enddate": ends})
    with pytest.raises(OperationError) as error:
        upgrade(one, lambda _: None)
    said = str(error.value).splitlines()
    assert said[0] == "it runs, but not all is well:"
    assert (
        "FAIL  the certificate lasts: 4 of 800 days left; tapeline-certificate.timer has not "
        "renewed it; on the host: journalctl -u tapeline-certificate, then systemctl start "
        "tapeline-certificate"
    ) in said
    assert said[-1] == WAY_BACK


def test_without_a_backup_nothing_is_brought() -> None:
    failed: Answer = (1, "Job for tapeline-backup.service failed.")
    for answers, said in (
        ({"systemctl": failed, **WELL}, "Job for tapeline-backup"),
        ({"readlink": "", "systemctl": failed}, "nothing runs on prod yet; `fab deploy` brings"),
    ):
        one, shell, _ = operation(answers)
        with pytest.raises(OperationError, match=said):
            upgrade(one, lambda _: pytest.fail("it was brought"))
        assert not [command for command in shell.ran if "audit.log" in command]


def test_a_certificate_of_six_days_is_no_reason_against_an_upgrade() -> None:
    """Let's Encrypt's for a bare address, in the middle of its life."""
    six = "notBefore=Nov 21 12:00:00 2026 GMT\nnotAfter=Nov 28 04:00:00 2026 GMT\n"
    one, _, _ = operation(WELL | {"enddate": six})
    one.outputs = replace(one.host_outputs, certificate="acme")
    assert "ok    the certificate lasts" in upgrade(one, lambda _: None)
    assert certificate.state(one) == "3.3 of 6.7 days left, renewed by tapeline-acme.timer"
    one.outputs = replace(one.outputs, certificate="given")
    assert certificate.state(one) == "3.3 of 6.7 days left"
