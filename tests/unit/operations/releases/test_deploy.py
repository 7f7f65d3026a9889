"""What brings a release to a place, in order: deploy, rollback, and an upgrade behind a backup."""

from __future__ import annotations

import pytest

from scripts.operations.errors import OperationError
from scripts.operations.hosts import preflight
from scripts.operations.releases import deploy
from scripts.operations.releases.release_images import Release
from tests.unit.operations.fakes import Answer, Said, operation
from tests.unit.operations.releases.answers import BAD, GOOD, READY

VOID = (
    "if [ -e /opt/tapeline/releases/20261124T203000Z-ccccccc ]; then "
    "mv /opt/tapeline/releases/20261124T203000Z-ccccccc "
    "/opt/tapeline/releases/.failed-20261124T203000Z-ccccccc; fi"
)

RELEASE = Release("c" * 40, "20261124T203000Z-ccccccc")

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
        (READY.replace("2.40.3", "5.0.1") + "buildx=v0.30.1\n", []),
        (READY.replace("2.40.3", "5.0.1") + "buildx=\n",
         ["Docker's buildx is missing, and this Compose builds with it: "
          "install docker-buildx-plugin (Debian: docker-buildx)"]),
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


def told(value: int) -> str:
    program = "/opt/tapeline/current/scripts/operations/status/host-metric"
    return f"{{ ! test -x {program} || {program} tapeline_deploy_rolled_back {value}; }}"


def test_a_deploy_takes_the_lock_switches_waits_and_leaves_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran, error = deployed({"ps --all --format": GOOD, "readlink": "releases/before"}, monkeypatch)
    assert error == ""
    current = "/opt/tapeline/current"
    assert ran[2] == f"if [ -e {current} ]; then readlink {current}; fi"
    switched = next(index for index, command in enumerate(ran) if "ln -sfn" in command)
    assert ran[switched] == (
        f"ln -sfn {RELEASE.folder} /opt/tapeline/current.new && "
        "mv -T /opt/tapeline/current.new /opt/tapeline/current"
    )
    assert [command for command in ran if "rolled_back" in command] == [told(0)]
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
    answers = {
        "engine=": READY,
        "serving": "17\n",
        "tapeline-access": known,
        "ps --all --format": GOOD,
    }
    one, _, said = operation(answers)
    deploy.deploy_there(one, RELEASE, "build", "a try", 6)
    assert [line for line in said if "powerBiCidrs" in line] == [
        f"powerBiCidrs has {network}, and the host does not let it in: "
        f"fab allow {network} --stack prod"
        for network in told
    ]


def test_a_broken_release_gives_way_to_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([BAD, BAD, BAD, GOOD])
    answers: dict[str, Answer] = {
        "ps --all --format": lambda: next(looks),
        "readlink": "releases/before",
    }
    ran, error = deployed(answers, monkeypatch)
    assert error == (
        f"{RELEASE.name} failed and before runs again: not well after 6 s: stream unhealthy"
    )
    switches = [command.split()[2] for command in ran if "ln -sfn" in command]
    assert switches == [RELEASE.folder, "/opt/tapeline/releases/before"]
    assert VOID in ran
    assert [command for command in ran if "rolled_back" in command] == [told(1)]
    assert "failed: 20261124T203000Z-ccccccc failed and before runs again" in ran[-2]
    assert ran[-1] == "rm -rf /opt/tapeline/lock"


def test_a_release_that_never_ran_is_no_rollbacks_target(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OperationError("the build failed; see above")

    monkeypatch.setattr(deploy, "_unpack", lambda _session, _release: None)
    monkeypatch.setattr(deploy, "build", fail)
    one, shell, _ = operation({"engine=": READY, "readlink": "releases/before"})
    with pytest.raises(OperationError, match="build"):
        deploy.deploy_there(one, RELEASE, "build", "a try", 6)
    assert shell.ran[3] == VOID
    assert not [command for command in shell.ran if "ln -sfn" in command]


def test_what_is_too_old_or_failed_is_removed_with_its_images(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers: dict[str, Answer] = {
        "ls -1A": ".failed-b1\n", "ls -1 ": "a1\na2\na3\na4\na5\na6\n",
        "ps --all --format": GOOD, "readlink": "releases/a6",
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
        "ps --all --format": lambda: next(states),
        "up --detach": lambda: next(started),
        "readlink": "releases/before",
    }
    ran, error = deployed(answers, monkeypatch)
    assert error == (
        f"{RELEASE.name} failed and before runs again: not well after 0 s: stream unhealthy"
    )
    assert len([command for command in ran if "ps --all --format" in command]) == 2


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
        {"ls -1": "a1\na2\na3\n", "readlink": "x/a3", "ps --all --format": GOOD, "serving": "17"}
    )
    assert deploy.roll_back(one, "", "", 6) == "a2"
    assert any("ln -sfn /opt/tapeline/releases/a2 " in command for command in shell.ran)
    with pytest.raises(OperationError, match=r"a9.*a1, a2, a3"):
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
