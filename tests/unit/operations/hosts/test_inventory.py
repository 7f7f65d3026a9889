"""The inventory from recorded outputs: everything that the roles need, and no secret."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from infra.outputs import OUTPUTS_FILE_VARIABLE
from scripts.launcher.paths import ROOT
from scripts.operations.errors import OperationError
from scripts.operations.hosts.host_settings import lines
from scripts.operations.hosts.inventory import inventory
from scripts.operations.hosts.stack_outputs import known_hosts, stack_outputs
from tests.unit.operations.fakes import RECORDED, outputs

VARIABLES = {OUTPUTS_FILE_VARIABLE: str(RECORDED)}


def test_the_whole_inventory() -> None:
    hosts = Path("/c/known_hosts")
    assert inventory(outputs(), hosts, "/home/ann/key") == {
        "tapeline": {"hosts": ["prod"]},
        "_meta": {
            "hostvars": {
                "prod": {
                    "ansible_host": "203.0.113.7",
                    "ansible_port": 22,
                    "ansible_user": "tapeline",
                    "ansible_ssh_common_args": "-o StrictHostKeyChecking=yes "
                    "-o UserKnownHostsFile=/c/known_hosts -o GlobalKnownHostsFile=/dev/null",
                    "ansible_ssh_private_key_file": "/home/ann/key",
                    "tapeline_stack": "prod",
                    "tapeline_cloud": "hcloud",
                    "tapeline_data_device": "/dev/disk/by-id/scsi-0HC_Volume_1",
                    "tapeline_take_over_host": False,
                    "tapeline_domain": "db.example.org",
                    "tapeline_certificate": "own-ca",
                    "tapeline_acme_email": "",
                    "tapeline_admin_cidrs": ["198.51.100.7/32", "2001:db8:1::/48"],
                    "tapeline_powerbi_cidrs": ["203.0.113.64/26"],
                    "tapeline_powerbi_world_open": False,
                    "tapeline_dashboard_cidrs": ["203.0.113.64/26"],
                    "tapeline_backup_target": "s3://bucket/tapeline?region=eu-central-1",
                    "tapeline_backup_known_hosts": "",
                    "tapeline_settings": lines(outputs()),
                    "tapeline_build_ca": "",
                    "tapeline_secret_program": str(ROOT / "ansible" / "secret"),
                }
            }
        },
    }


def test_the_world_comes_where_the_stack_says_so() -> None:
    told = replace(outputs(), powerbi_cidrs=("0.0.0.0/0",))
    host = inventory(told, Path("/c/known_hosts"))["_meta"]["hostvars"]["prod"]
    assert host["tapeline_powerbi_world_open"] is True


def run(program: str, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "ansible" / program), *arguments],
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **VARIABLES, **extra},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_program_prints_it_without_a_secret() -> None:
    done = run("inventory", "--list", TAPELINE_STACK="prod")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tapeline"] == {"hosts": ["prod"]}
    assert [name for name, value in outputs().secrets.items() if value in done.stdout] == []


def test_it_says_in_one_line_what_is_missing(tmp_path: Path) -> None:
    done = run("inventory", "--list")
    assert done.stderr == "ansible/inventory: TAPELINE_STACK is not set; it names the stack\n"
    masked = tmp_path / "masked.json"
    masked.write_text(RECORDED.read_text("utf-8").replace('"secrets": {', '"secrets": 1, "x": {'))
    done = run("inventory", TAPELINE_STACK="prod", **{OUTPUTS_FILE_VARIABLE: str(masked)})
    assert done.returncode == 1
    assert re.fullmatch(r"ansible/inventory: stack prod: .* are masked .*\n", done.stderr)


def test_one_secret_is_printed_to_who_asks_for_it() -> None:
    done = run("secret", "alpha_vantage_key", TAPELINE_STACK="prod")
    assert (done.returncode, done.stdout) == (0, "CANARYKEY3F7D28E1\n")
    done = run("secret", "host_key", TAPELINE_STACK="prod")
    assert (done.returncode, done.stdout) == (1, "")


def test_the_host_key_is_known_before_the_first_contact(tmp_path: Path) -> None:
    file = known_hosts(outputs(), tmp_path)
    assert file.read_text("utf-8") == outputs().host_key + "\n"
    assert known_hosts(outputs(), tmp_path) == file


@pytest.mark.parametrize("name", ["", "--show", "a b", "x;y"])
def test_a_name_that_is_no_stack_is_refused(name: str) -> None:
    with pytest.raises(OperationError):
        stack_outputs(name, VARIABLES)
