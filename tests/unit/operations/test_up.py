"""What brings the containers up, run by a shell beside a Compose that notes what it is told."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.operations import compose_commands
from scripts.operations.target import LOCAL, Target

DOCKER = """#!/bin/sh
echo "$*" >> {log}
case "$*" in
*"config --services") {config} ;;
*"ps --all --services") printf '{there}' ;;
esac
"""
LOOKS = ["compose config --services", "compose ps --all --services"]
HOST = replace(LOCAL, is_remote=True)
UP = "compose up --detach --no-build --remove-orphans"


def told(tmp_path: Path, config: str, there: str, target: Target = HOST) -> tuple[int, list[str]]:
    """Return how the command ended, and what Compose was told."""
    log, docker = tmp_path / "log", tmp_path / "docker"
    docker.write_text(DOCKER.format(log=log, config=config, there=there))
    docker.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    command = ["sh", "-c", compose_commands.up(target)]
    done = subprocess.run(command, env={"PATH": path}, check=False)
    return done.returncode, log.read_text().splitlines()


@pytest.mark.parametrize(
    ("there", "removed"),
    [
        ("", []),
        (r"producer\n", []),
        (r"producer\nalertmanager\n", ["compose rm --stop --force alertmanager"]),
        (
            r"kafka\nalertmanager\nprometheus\n",
            ["compose rm --stop --force alertmanager prometheus"],
        ),
    ],
)
def test_containers_of_a_profile_that_was_left_are_removed(
    tmp_path: Path, there: str, removed: list[str]
) -> None:
    chosen = r"printf 'producer\nkafka\n'"
    assert told(tmp_path, chosen, there) == (0, [*LOOKS, *removed, UP])


def test_where_compose_tells_nothing_no_container_is_touched(tmp_path: Path) -> None:
    assert told(tmp_path, "exit 15", r"producer\n") == (15, LOOKS[:1])


def test_here_what_somebody_started_by_a_profile_goes_on(tmp_path: Path) -> None:
    assert told(tmp_path, r"printf 'producer\n'", r"producer\nalerts\n", LOCAL) == (0, [UP])
