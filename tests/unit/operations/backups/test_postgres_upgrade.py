"""Data on its way to another major version of PostgreSQL, and back."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from scripts.operations import compose_commands
from scripts.operations.backups import backup_commands, postgres_upgrade
from scripts.operations.backups.postgres_upgrade import Change
from scripts.operations.errors import OperationError
from scripts.operations.releases import deploy
from scripts.operations.target import LOCAL
from tests.unit.operations.fakes import COMPOSE, HOST, Answer, listed, operation
from tests.unit.operations.releases.answers import BAD, GOOD, READY
from tests.unit.operations.releases.test_deploy import RELEASE, deployed

LABEL = "20261124-202900F"
DUMP = "/var/lib/tapeline/dumps/market-20261124T202900Z.dump.gpg"
CONTENTS = json.dumps({"market.events_stream": {"rows": 3, "checksum": 7}})
STAMP = "20261124203000"
HOLDS_17: dict[str, Answer] = {
    "engine=": READY,
    "readlink": "releases/before",
    "if [ -s serving ]": "17\n",
    "image inspect": "18\n",
    "backups/dump": f"{DUMP}\n",
    "postgres/restore market_restored": f"restored\n{CONTENTS}\n{CONTENTS}\n",
}
SERVE_17 = postgres_upgrade.serve(HOST, "17")


def brought(
    answers: dict[str, Answer], label: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[str], str]:
    """Deploy a release of 18 to a host that holds data of 17; return what ran, and the error."""
    return deployed({"audit.log": "", **answers, **HOLDS_17}, monkeypatch, label)


def of(ran: list[str], *parts: str) -> list[str]:
    """Return those of the commands that hold one of the parts."""
    return [command for command in ran if any(part in command for part in parts)]


def test_the_version_of_the_data_is_asked_of_the_volume_and_that_of_a_release_of_its_image() -> (
    None
):
    one, shell, _ = operation(HOLDS_17)
    assert postgres_upgrade.needed(one, "tapeline/postgres:next") == Change("17", "18")
    run = f"{COMPOSE} run --rm --no-deps --no-TTY --entrypoint sh postgres -c "
    script = (
        "cd /var/lib/postgresql && if [ -s serving ]; then cat serving; "
        "else ls -d [0-9][0-9] 2>/dev/null | head -n 1 | grep . || echo none; fi"
    )
    assert shell.ran == [
        compose_commands.heard(f"{run}'{script}'"),
        "docker image inspect --format '{{index .Config.Labels \"tapeline.postgres.major\"}}' "
        "tapeline/postgres:next",
    ]


@pytest.mark.parametrize(
    ("serving", "label", "change"),
    [
        ("17\n", "17\n", None),
        ("none\n", "18\n", None),
        # Images of before there was a label were of 17.
        ("17\n", "\n", None),
        ("18\n", "\n", Change("18", "17")),
    ],
)
def test_what_must_change(serving: str, label: str, change: Change | None) -> None:
    one, _, _ = operation({"serving": serving, "image inspect": label})
    assert postgres_upgrade.needed(one, "x") == change


def test_a_deploy_of_another_version_is_refused_before_anything_is_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran, error = brought({}, "", monkeypatch)
    assert re.findall(r"1[78]|`.*`", error) == ["17", "18", "`fab upgrade`"]
    assert of(ran, " stop ", "> serving", "ln -sfn", " up ") == []


def test_an_upgrade_fills_a_new_cluster_beside_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ran, error = brought({"ps --all --format": GOOD}, LABEL, monkeypatch)
    assert error == ""
    change = Change("17", "18")
    words = ("backups/dump", "next", "ln -sfn", " migrate", "restore market", "checkpoint")
    assert of(ran, " stop ", " up ", *words) == [
        f"{COMPOSE} stop stream",
        backup_commands.dump(HOST),
        f"{COMPOSE} stop postgres",
        postgres_upgrade.begin_next(HOST, change, STAMP),
        f"ln -sfn {RELEASE.folder} /opt/tapeline/current.new && "
        "mv -T /opt/tapeline/current.new /opt/tapeline/current",
        f"{COMPOSE} up --detach --no-build postgres",
        f"{COMPOSE} run --rm --no-TTY --no-deps migrate",
        backup_commands.restore_beside(HOST, DUMP, "market_restored"),
        f"{COMPOSE} run --rm --no-TTY --no-deps migrate",
        compose_commands.forget_checkpoint(HOST, STAMP),
        postgres_upgrade.serve(HOST, "18"),
        f"ln -sfn {RELEASE.folder} /opt/tapeline/current.new && "
        "mv -T /opt/tapeline/current.new /opt/tapeline/current",
        compose_commands.up(HOST),
    ]
    dropped = compose_commands.psql(
        HOST, "postgres", write=True, query=f"drop database if exists market_before_{STAMP}"
    )
    assert ran.index(dropped) < ran.index(postgres_upgrade.serve(HOST, "18"))


@pytest.mark.parametrize("fault", ["no-deps migrate", "restore market_restored", "gate"])
def test_where_it_fails_the_cluster_and_the_release_of_before_count_again(
    monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    looks = iter([BAD, BAD, BAD, GOOD] if fault == "gate" else [GOOD])
    answers: dict[str, Answer] = {
        "json postgres": listed(postgres="healthy"), fault: (1, "no"),
        "ps --all --format": lambda: next(looks),
    }  # fmt: skip
    ran, error = brought(answers, LABEL, monkeypatch)
    assert error.startswith(f"{RELEASE.name} failed and before runs again: ")
    last = of(ran, " stop ", "serving", "checkpoint", "ln -sfn")[-4:]
    assert last == [
        f"{COMPOSE} stop stream postgres",
        SERVE_17,
        compose_commands.forget_checkpoint(HOST, STAMP if fault != "gate" else "20261124203006"),
        "ln -sfn /opt/tapeline/releases/before /opt/tapeline/current.new && "
        "mv -T /opt/tapeline/current.new /opt/tapeline/current",
    ]


def test_a_rollback_goes_back_to_the_cluster_that_was_kept() -> None:
    answers = {
        "ls -1": "a1\na2\n", "readlink": "x/a2", "ps --all --format": GOOD,
        "if [ -s serving ]": "18\n", "image inspect": "17\n",
    }  # fmt: skip
    one, shell, said = operation(answers)
    assert deploy.roll_back(one, "", "", 6) == "a1"
    assert of(shell.ran, " stop ", "> serving", "checkpoint", "ln -sfn") == [
        f"{COMPOSE} stop stream postgres",
        SERVE_17,
        compose_commands.forget_checkpoint(HOST, STAMP),
        "ln -sfn /opt/tapeline/releases/a1 /opt/tapeline/current.new && "
        "mv -T /opt/tapeline/current.new /opt/tapeline/current",
    ]
    assert said[0] == "back to the cluster of PostgreSQL 17; Kafka has what came since"


def test_a_rollback_never_goes_to_a_later_version() -> None:
    one, shell, _ = operation({**HOLDS_17, "ls -1": "a1\na2\n", "readlink": "x/a2"})
    with pytest.raises(OperationError, match="17, the release of 18; name an earlier one: --to R"):
        deploy.roll_back(one, "", "", 6)
    assert of(shell.ran, " stop ", "> serving", "ln -sfn") == []


def test_on_this_machine_an_earlier_version_takes_its_own_cluster_again() -> None:
    answers: dict[str, Answer] = {
        "engine=": READY, "if [ -s serving ]": "18\n", "image inspect": "17\n",
        "ps --all --format": GOOD, "config --no-interpolate": '{"services": {}}',
        "config --format": '{"services": {}}',
        "config --images": "tapeline/secrets:0.1.0\ntapeline/postgres:0.1.0\n",
    }  # fmt: skip
    one, shell, _ = operation(answers, LOCAL)
    with pytest.raises(OperationError, match="data is of PostgreSQL 18, the release of 17; `fab u"):
        deploy.deploy_here(one, "", 6)
    deploy.deploy_here(one, "", 6, LABEL)
    assert of(shell.ran, " stop ", "> serving", "checkpoint", " up ") == [
        "docker compose stop stream postgres",
        postgres_upgrade.serve(LOCAL, "17"),
        compose_commands.forget_checkpoint(LOCAL, STAMP),
        compose_commands.up(LOCAL),
    ]


def in_folder(command: str, folder: Path) -> tuple[int, str]:
    """Run the script of a command in a folder instead of the volume; return code and output."""
    path = f"{folder.parent}/bin:{os.environ['PATH']}"
    line = command.replace("/var/lib/postgresql", str(folder))
    done = subprocess.run(
        ["sh", "-c", line], env={"PATH": path}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_the_files_in_the_volume_say_which_cluster_counts(tmp_path: Path) -> None:
    volume, program = tmp_path / "volume", tmp_path / "bin" / "docker"
    (volume / "17").mkdir(parents=True)
    (volume / "17" / "PG_VERSION").write_text("17\n", encoding="utf-8")
    (volume / "18").mkdir()
    program.parent.mkdir()
    # What Compose would run in the container.
    program.write_text('#!/bin/sh\nfor script; do :; done\nexec sh -c "$script"\n')
    program.chmod(0o755)
    asked = postgres_upgrade.in_volume(LOCAL, postgres_upgrade.SERVING)
    assert in_folder(asked, volume) == (0, "17\n")
    assert in_folder(postgres_upgrade.begin_next(LOCAL, Change("17", "18"), "1"), volume) == (0, "")
    names = {file.name for file in volume.iterdir()}
    assert names == {"17", "kept-18-1", "serving", "next"}
    assert (volume / "next").read_text("utf-8") == "18\n"
    assert in_folder(asked, volume) == (0, "17\n")
    # A cluster that is not there never counts.
    assert in_folder(postgres_upgrade.serve(LOCAL, "18"), volume)[0] == 1
    assert in_folder(asked, volume) == (0, "17\n")
    (volume / "18").mkdir()
    (volume / "18" / "PG_VERSION").write_text("18\n", encoding="utf-8")
    assert in_folder(postgres_upgrade.serve(LOCAL, "18"), volume) == (0, "")
    assert in_folder(asked, volume) == (0, "18\n")
    assert not (volume / "next").exists()
    empty = tmp_path / "empty"
    empty.mkdir()
    assert in_folder(asked, empty) == (0, "none\n")
