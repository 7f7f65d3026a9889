"""What brings a release to a place, in order: deploy, rollback, and an upgrade behind a backup."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from scripts.operations.credentials import certificate
from scripts.operations.errors import OperationError
from scripts.operations.hosts import preflight
from scripts.operations.releases import deploy, health
from scripts.operations.releases.health_gate import await_health
from scripts.operations.releases.release_images import Release
from scripts.operations.releases.upgrade import upgrade
from scripts.operations.target import LOCAL
from tests.unit.operations.fakes import COMPOSE, Answer, Said, listed, operation

GOOD = listed(kafka="healthy", secrets="exited 0", stream="healthy")
BAD = listed(kafka="healthy", secrets="exited 0", stream="unhealthy")
READY = "engine=28.5.2\ncompose=2.40.3\ndisk_kb=50000000\nmemory_kb=8000000\n"
VOID = (
    "if [ -e /opt/tapeline/releases/20261124T203000Z-ccccccc ]; then "
    "mv /opt/tapeline/releases/20261124T203000Z-ccccccc "
    "/opt/tapeline/releases/.failed-20261124T203000Z-ccccccc; fi"
)
RELEASE = Release("c" * 40, "20261124T203000Z-ccccccc")


def test_health_is_read_from_what_compose_prints() -> None:
    found = health.parse(listed(kafka="healthy", topics="exited 1", stream="starting", x="created"))
    assert found.states == {
        "kafka": "healthy",
        "topics": "exited 1",
        "stream": "starting",
        "x": "created",
    }
    assert not found.is_good
    assert str(found) == "stream starting, topics exited 1, x created"
    assert health.parse(GOOD).is_good
    assert not health.parse("").is_good


def test_a_container_of_which_nothing_is_known_yet_is_not_well() -> None:
    assert health.parse(listed(kafka="healthy", stream="running")).unwell == {"stream": "running"}


def test_the_worst_container_of_a_service_counts() -> None:
    text = "\n".join([listed(worker="unhealthy"), listed(worker="healthy")])
    assert health.parse(text).states == {"worker": "unhealthy"}


def test_the_gate_says_what_it_waits_for_and_shows_the_log_of_what_is_not_well() -> None:
    one, shell, said = operation({"ps --all": BAD, "logs": "stream: no route to postgres"})
    with pytest.raises(
        OperationError, match=r"not well after 9 s: stream unhealthy\nstream: no ro"
    ):
        await_health(one, 9)
    assert said == ["waiting for stream unhealthy"]
    assert shell.ran[-1].endswith("logs --no-color --tail 25 stream")


COMPOSE_REMEDY = "install docker-compose-plugin, on a host by `fab provision`"


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        (READY, []),
        ("", ["Docker's engine is missing, needs 20.10",
              f"Docker's compose is missing, needs 2.39; {COMPOSE_REMEDY}",
              "disk: 0.0 GB, needs 5.0 GB", "memory: 0.0 GB, needs 3.5 GB"]),
        (READY.replace("2.40.3", "2.26.1-4"),
         [f"Docker's compose is 2.26.1-4, needs 2.39; {COMPOSE_REMEDY}"]),
    ],
)  # fmt: skip
def test_what_a_place_lacks(facts: str, wrong: list[str]) -> None:
    assert preflight.problems(facts) == wrong


def deployed(
    answers: dict[str, Answer], monkeypatch: pytest.MonkeyPatch, dump: str = ""
) -> tuple[list[str], str]:
    """Deploy with its files and images taken for brought; return what ran, and the error."""
    monkeypatch.setattr(deploy, "_unpack", lambda _session, _release: None)
    monkeypatch.setattr(deploy, "build", lambda _session, _release: None)
    one, shell, _ = operation({"engine=": READY, "serving": "17\n", **answers})
    try:
        deploy.deploy_there(one, RELEASE, "build", "a try", 6, dump)
    except OperationError as error:
        return shell.ran, str(error)
    return shell.ran, ""


def test_a_deploy_takes_the_lock_switches_waits_and_leaves_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran, error = deployed({"ps --all": GOOD, "readlink": "releases/before"}, monkeypatch)
    assert error == ""
    current = "/opt/tapeline/current"
    assert ran[2] == f"if [ -e {current} ]; then readlink {current}; fi"
    switched = next(index for index, command in enumerate(ran) if "ln -sfn" in command)
    assert ran[switched] == (
        f"ln -sfn {RELEASE.folder} /opt/tapeline/current.new && "
        "mv -T /opt/tapeline/current.new /opt/tapeline/current"
    )
    assert "mkdir /opt/tapeline/lock" in ran[1]
    assert f"ann@desk since 2026-11-24 20:30:00 UTC: deploy {RELEASE.name} (a try)" in ran[1]
    assert ran[-2].endswith(
        f"'2026-11-24T20:30:00Z ann@desk: deploy {RELEASE.name}: done' >> /opt/tapeline/audit.log"
    )
    assert ran[-1] == "rm -rf /opt/tapeline/lock"


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ("nobody", ["203.0.113.64/26"]),
        ("198.51.100.0/24", ["203.0.113.64/26"]),
        ("203.0.113.64/26", []),
        ("203.0.113.64/27\n203.0.113.96/27", []),
        ("203.0.113.0/24", []),
    ],
)
def test_a_deploy_names_the_networks_that_only_the_cloud_lets_through(
    known: str, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy, "_unpack", lambda _session, _release: None)
    monkeypatch.setattr(deploy, "build", lambda _session, _release: None)
    answers = {"engine=": READY, "serving": "17\n", "tapeline-access": known, "ps --all": GOOD}
    one, _, said = operation(answers)
    deploy.deploy_there(one, RELEASE, "build", "a try", 6)
    assert [line for line in said if "powerBiCidrs" in line] == [
        f"powerBiCidrs has {network}, and the host does not let it in: "
        f"fab allow {network} --stack prod"
        for network in told
    ]


def test_a_broken_release_gives_way_to_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([BAD, BAD, BAD, GOOD])
    answers: dict[str, Answer] = {"ps --all": lambda: next(looks), "readlink": "releases/before"}
    ran, error = deployed(answers, monkeypatch)
    assert error == (
        f"{RELEASE.name} failed and before runs again: not well after 6 s: stream unhealthy"
    )
    switches = [command.split()[2] for command in ran if "ln -sfn" in command]
    assert switches == [RELEASE.folder, "/opt/tapeline/releases/before"]
    assert VOID in ran
    assert "failed: 20261124T203000Z-ccccccc failed and before runs again" in ran[-2]
    assert ran[-1] == "rm -rf /opt/tapeline/lock"


def test_a_release_that_never_ran_is_no_rollbacks_target(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OperationError("the build failed; see above")

    monkeypatch.setattr(deploy, "_unpack", lambda _session, _release: None)
    monkeypatch.setattr(deploy, "build", fail)
    one, shell, _ = operation({"engine=": READY, "readlink": "releases/before"})
    with pytest.raises(OperationError, match="the build failed; see above"):
        deploy.deploy_there(one, RELEASE, "build", "a try", 6)
    assert shell.ran[3] == VOID
    assert not [command for command in shell.ran if "ln -sfn" in command]


def test_what_is_too_old_or_failed_is_removed_with_its_images(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers: dict[str, Answer] = {
        "ls -1A": ".failed-b1\n", "ls -1 ": "a1\na2\na3\na4\na5\na6\n",
        "ps --all": GOOD, "readlink": "releases/a6",
    }  # fmt: skip
    ran, error = deployed(answers, monkeypatch)
    assert error == ""
    removed = [command for command in ran if "rm -rf /opt/tapeline/releases" in command]
    assert removed == [
        f"rm -rf /opt/tapeline/releases/{name} && docker image ls --format "
        f"'{{{{.Repository}}}}:{{{{.Tag}}}}' | grep -F ':{tag}' | xargs -r docker image rm"
        for name, tag in (("a1", "a1"), (".failed-b1", "b1"))
    ]


def test_what_compose_could_not_start_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    states = iter([BAD, GOOD])
    first_and_next: list[Said] = [(1, "one\nno such device\n"), ""]
    started = iter(first_and_next)
    answers: dict[str, Answer] = {
        "ps --all": lambda: next(states),
        "up --detach": lambda: next(started),
        "readlink": "releases/before",
    }
    ran, error = deployed(answers, monkeypatch)
    assert error == (
        f"{RELEASE.name} failed and before runs again: not well after 0 s: stream unhealthy"
    )
    assert len([command for command in ran if "ps --all" in command]) == 2


def test_a_held_lock_refuses_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    held = (9, "bob@desk since 2026-11-24 20:00:00 UTC: deploy 1 (a try)\nsudo: a word\n")
    ran, error = deployed({"mkdir /opt/tapeline/lock": held}, monkeypatch)
    assert error == (
        "prod is locked by bob@desk since 2026-11-24 20:00:00 UTC: deploy 1 (a try); "
        "if that has ended without saying so, `fab unlock`"
    )
    assert len(ran) == 2


def test_a_place_that_is_not_ready_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    ran, error = deployed({"engine=": "engine=19.3"}, monkeypatch)
    assert error.startswith("prod is not ready: Docker's engine is 19.3, needs 20.10; ")
    assert ran == [preflight.ASK]


def test_a_rollback_takes_the_release_before() -> None:
    one, shell, _ = operation(
        {"ls -1": "a1\na2\na3\n", "readlink": "x/a3", "ps --all": GOOD, "serving": "17"}
    )
    assert deploy.roll_back(one, "", "", 6) == "a2"
    assert any("ln -sfn /opt/tapeline/releases/a2 " in command for command in shell.ran)
    with pytest.raises(OperationError, match="there is no release a9; there are a1, a2, a3"):
        deploy.roll_back(one, "a9", "", 6)


def test_what_a_deploy_cannot_do_is_refused_before_anything_is_done() -> None:
    one, shell, _ = operation({})
    for words, said in (
        (("HEAD", "fetch"), "--images is 'fetch'; it must be one of build, send"),
        (("no-such-commit", "build"), "'no-such-commit' is not a commit of this repository"),
    ):
        with pytest.raises(OperationError, match=said):
            deploy.planned(one, *words, True, "", 6)
    assert shell.ran == []


DUMP = "/var/lib/tapeline/backups/market-20261124T202900Z.dump.gpg"
WELL: dict[str, Answer] = {
    "engine=": READY,
    "readlink": "releases/before",
    "ps --all": GOOD,
    "ls -1 /var": f"{DUMP}\n",
    "enddate": "notBefore=Sep 19 20:31:00 2025 GMT\nnotAfter=Nov 28 20:31:00 2027 GMT\n",
    "tapeline-access": "203.0.113.0/24\n",
}
WAY_BACK = (
    "the way back: `fab rollback --stack prod --to before`, unless it runs again already; "
    f"if that cannot read the database any more: `fab restore --stack prod --dump {DUMP}`"
)


@pytest.fixture(autouse=True)
def nothing_answers_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refused)


def test_an_upgrade_takes_a_backup_brings_the_release_and_looks_at_all() -> None:
    one, shell, said = operation(WELL)
    lines = upgrade(one, lambda dump: shell.ran.append(f"the deploy, with {dump}"))
    current = "/opt/tapeline/current"
    assert shell.ran[:6] == [
        f"if [ -e {current} ]; then readlink {current}; fi",
        "systemctl start tapeline-backup.service",
        "ls -1 /var/lib/tapeline/backups/market-*.dump.gpg 2>/dev/null | sort | tail -n 1",
        "mkdir -p /opt/tapeline && printf '%s\\n' "
        f"'2026-11-24T20:30:00Z ann@desk: backup: {DUMP}' >> /opt/tapeline/audit.log",
        f"the deploy, with {DUMP}",
        preflight.ASK,
    ]
    assert f"{COMPOSE} ps --all --format json" in shell.ran[6:]
    assert said == ["a backup first"]
    assert len(lines) == 7
    assert not [line for line in lines if not line.startswith("ok")]


def test_on_this_machine_the_backup_is_of_its_own_containers() -> None:
    here = WELL | {"ls -1 backups": "backups/market-20261124T202900Z.dump.gpg\n"}
    one, shell, _ = operation(here, LOCAL)

    def fail(_: str) -> None:
        raise OperationError("docker compose up failed; see above")

    with pytest.raises(OperationError) as error:
        upgrade(one, fail)
    assert shell.ran[0] == "scripts/operations/backups/backup backups 14 docker compose"
    assert str(error.value) == (
        "docker compose up failed; see above\n"
        "the way back: check out the commit before and `fab deploy`; if that cannot read the "
        "database any more: `fab restore --dump backups/market-20261124T202900Z.dump.gpg`"
    )


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
