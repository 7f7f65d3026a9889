"""What Ansible, the host's programs and the verbs repeat is what is written elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.config.addresses import WORLD_OPEN_WORDS
from infra.outputs import ROLE_PASSWORDS
from scripts.launcher.paths import ROOT
from scripts.operations import compose_commands, target, tunnel
from scripts.operations.hosts import host_settings
from services.secrets import table

ANSIBLE = ROOT / "ansible"
VERBS = (
    "alert", "allow", "backup", "bundle", "deny", "deploy", "destroy", "doctor", "drill", "import",
    "logs", "new", "offsets", "patch", "powerbi", "provision", "psql", "rebuild", "replay",
    "restart", "restore", "rollback", "rotate", "secret", "silence", "status", "tunnel", "unlock",
    "upgrade",
)  # fmt: skip


def text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def test_the_services_are_those_of_the_compose_file() -> None:
    assert {"kafka", "postgres", "producer", "stream", "secrets"} <= {*compose_commands.services()}
    assert "x-log" not in compose_commands.services()


def test_a_tunnel_ends_where_compose_publishes() -> None:
    published = re.findall(r"\$\{(\w+)_PUBLISHED:-127\.0\.0\.1:(\d+)\}", text("docker-compose.yml"))
    wanted = {name.lower().replace("_", "-"): int(port) for name, port in published}
    # What others reach by a name of its own needs no tunnel.
    assert (wanted.pop("front"), wanted.pop("front-http")) == (8443, 8083)
    assert wanted == tunnel.VIEWERS


def test_the_passwords_are_those_that_pulumi_makes() -> None:
    assert {*ROLE_PASSWORDS} <= {*compose_commands.PASSWORD_USERS} <= {*table.GENERATED}
    defaults = text("ansible/roles/pipeline/defaults/main.yml")
    listed = re.findall(r"^  - (\w+)$", defaults, re.MULTILINE)
    assert sorted(listed) == sorted([*ROLE_PASSWORDS, "backup_passphrase"])
    assert {*ROLE_PASSWORDS, "backup_passphrase"} <= {*table.GENERATED}


def test_the_folders_of_a_host_are_the_same_everywhere() -> None:
    assert f"pipeline_directory: {target.HOST_DIRECTORY}\n" in text(
        "ansible/roles/pipeline/defaults/main.yml"
    )
    assert f"postgres_edge_directory: {target.HOST_DIRECTORY}\n" in text(
        "ansible/roles/postgres_edge/defaults/main.yml"
    )
    compose = text("scripts/operations/hosts/host-compose")
    assert target.HOST_DIRECTORY in compose
    assert host_settings.BACKUPS == "/var/lib/tapeline/backups"


def test_the_words_that_let_the_world_in_are_the_same_everywhere() -> None:
    for file in (
        "ansible/roles/firewall/tasks/main.yml",
        ".env.example",
    ):
        assert WORLD_OPEN_WORDS in " ".join(text(file).split()), file


@pytest.mark.parametrize("file", sorted(ANSIBLE.rglob("*.yml")), ids=lambda file: file.stem)
def test_a_task_with_a_secret_shows_nothing(file: Path) -> None:
    for task in re.split(r"\n(?=- name: )", file.read_text("utf-8")):
        if "tapeline_secret_program" in task:
            assert "no_log: true" in task, task


@pytest.mark.parametrize("file", sorted(ANSIBLE.rglob("*.yml")), ids=lambda file: file.stem)
def test_what_ansible_writes_has_a_mode(file: Path) -> None:
    for task in re.split(r"\n(?=- name: )", file.read_text("utf-8")):
        writes = re.search(r"ansible\.builtin\.(copy|template|file|deb822_repository):", task)
        # What is absent, and a link, has no mode of its own.
        if writes and not re.search(r"\n    state: (absent|link)\n", task):
            assert re.search(r'\n    mode: "0[0-7]{3}"', task), task


def test_fab_list_names_every_verb() -> None:
    program = Path(sys.executable).with_name("fab")
    listed = subprocess.run([program, "--list"], cwd=ROOT, capture_output=True, check=True)
    names = re.findall(r"^  ([a-z]+) +[A-Z]", listed.stdout.decode(), re.MULTILINE)
    assert names == [*VERBS]


def test_a_wrong_argument_ends_with_one_line() -> None:
    program = Path(sys.executable).with_name("fab")
    for words in (
        ["restart", "nothing"],
        ["rotate", "all"],
        ["allow", "world"],
        ["replay"],
        ["import", "--files", "nothing.csv"],
        ["secret", "ca.key"],
    ):
        done = subprocess.run([program, *words], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 1
        said = done.stderr.decode()
        assert said.startswith(f"fab {words[0]}: ")
        assert said.count("\n") == 1
        assert done.stdout == b""
