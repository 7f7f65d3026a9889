"""Networks are let in and sent away: this machine's settings, or one program of a host."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from infra.config.config_keys import KEYS
from scripts.operations.errors import OperationError
from scripts.operations.hosts import allowlist
from scripts.operations.target import LOCAL
from tests.unit.operations.fakes import operation, outputs


def test_allow_and_deny_change_the_settings_of_this_machine() -> None:
    text = "SYMBOLS=AAPL\nPOSTGRES_PUBLISHED=127.0.0.1:5555\n"
    one, shell, _ = operation({"if [ -e .env ]; then cat .env; fi": text}, LOCAL)
    assert allowlist.change(one, allowlist.ALLOW, "203.0.113.0/24") == ["203.0.113.0/24"]
    assert len([command for command in shell.ran if "cat .env" in command]) == 1
    assert shell.sent == {
        ".env": b"SYMBOLS=AAPL\nPOSTGRES_PUBLISHED=0.0.0.0:5555\nPOWERBI_CIDRS=203.0.113.0/24\n"
    }
    shell.answers = {"cat .env": shell.sent[".env"].decode()}
    assert allowlist.change(one, allowlist.DENY, "203.0.113.0/24") == []
    assert shell.sent == {
        ".env": b"SYMBOLS=AAPL\nPOSTGRES_PUBLISHED=127.0.0.1:5555\nPOWERBI_CIDRS=\n"
    }


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "128.0.0.0/1", "203.0.113.7/24", "db.example.org"])
def test_what_must_not_be_let_in_changes_nothing(cidr: str) -> None:
    one, shell, _ = operation({"tapeline-access list": "nobody\n"})
    with pytest.raises(OperationError):
        allowlist.change(one, allowlist.ALLOW, cidr)
    assert not [command for command in shell.ran if "tapeline-access allow" in command]


def test_the_world_is_let_in_where_it_was_said_openly() -> None:
    one, shell, _ = operation({"tapeline-access list": "nobody\n"})
    one.outputs = replace(outputs(), powerbi_cidrs=("0.0.0.0/0",))
    assert allowlist.change(one, allowlist.ALLOW, "0.0.0.0/0") == ["0.0.0.0/0"]
    text = "POWERBI_WORLD_OPEN=yes, from anywhere\n"
    here, shell, _ = operation({"cat .env": text}, LOCAL)
    assert allowlist.change(here, allowlist.ALLOW, "0.0.0.0/0") == ["0.0.0.0/0"]
    assert shell.sent[".env"].decode().endswith("POWERBI_CIDRS=0.0.0.0/0\n")


def test_the_world_can_be_sent_away_without_a_word() -> None:
    one, shell, _ = operation({"tapeline-access list": "0.0.0.0/0\n"})
    assert allowlist.change(one, allowlist.DENY, "0.0.0.0/0") == []
    assert "tapeline-access deny 0.0.0.0/0" in shell.ran


def test_what_is_not_on_the_list_cannot_be_taken_off() -> None:
    one, shell, _ = operation({"tapeline-access list": "198.51.100.7/32\n"})
    with pytest.raises(OperationError, match=r"203\.0\.113\.0/24 .*198\.51"):
        allowlist.change(one, allowlist.DENY, "203.0.113.0/24")
    assert not [command for command in shell.ran if "tapeline-access deny" in command]
    assert shell.ran[-1] == "rm -rf /opt/tapeline/lock"


def test_on_a_host_one_program_changes_firewall_and_database() -> None:
    one, shell, _ = operation({"tapeline-access list": "198.51.100.7/32\n"})
    assert allowlist.change(one, allowlist.ALLOW, "203.0.113.0/24") == [
        "198.51.100.7/32",
        "203.0.113.0/24",
    ]
    assert "tapeline-access allow 203.0.113.0/24" in shell.ran


def test_the_remedy_for_the_clouds_firewall_names_a_setting_that_there_is() -> None:
    said = allowlist.cloud_remedy("prod", "198.51.100.7/32,203.0.113.0/24")
    [key] = re.findall(r"pulumi config set --stack prod (\w+) 198\.51\.100\.7/32,", said)
    assert key in KEYS
    assert said.endswith("&& pulumi up --stack prod")
