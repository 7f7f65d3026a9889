"""A new stack's questions: options, answers and what was found in, the configuration out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from scripts.operations.errors import OperationError
from scripts.operations.new_stack.operator_machine import SshKey, addresses_found
from scripts.operations.new_stack.pulumi_cli import config_commands
from scripts.operations.new_stack.questions import Found, Interview
from scripts.operations.new_stack.stack_configuration import NewStack, by_options
from tests.unit.infra.stacks import PUBLIC_KEY

LINE = f"{PUBLIC_KEY} ann@desk"
AGENTS = SshKey(LINE, "agent", in_agent=True)
NAMED = SshKey(LINE, "/home/ann/.ssh/market", "/home/ann/.ssh/market")
HERE = {"198.51.100.7": "this machine's own"}
WORDS = "on this machine only"
NEEDED = {"cloud": "hcloud", "adminCidrs": "203.0.113.7", "backupTarget": WORDS}


class Person:
    """Gives the answers in their order, and keeps what was asked and said."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.told: list[str] = []

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answers.pop(0)


def new(
    given: Mapping[str, str],
    keys: Sequence[SshKey] = (AGENTS,),
    addresses: Mapping[str, str] | None = None,
    person: Person | None = None,
) -> NewStack:
    """Hold the interview, with a person or with nobody there."""
    someone = person or Person()
    ask = someone.ask if person else None
    return Interview(given, Found(keys, addresses or {}), ask, someone.told.append).run()


def test_with_nobody_there_options_and_what_was_found_are_enough() -> None:
    found = new({"cloud": "hcloud", "backupTarget": WORDS}, addresses=HERE)
    assert found == NewStack(
        {
            "deploy": "true",
            "cloud": "hcloud",
            "sshPublicKey": LINE,
            "adminCidrs": "198.51.100.7",
            "backupTarget": WORDS,
        }
    )
    assert found.lines() == [
        "host     hcloud nbg1 cx33",
        "costs    about 9 € a month",
        "SSH      from 198.51.100.7/32",
        "backups  on this machine only",
        "data     the simulated market",
    ]


def test_every_answer_can_be_an_option(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("CANARYKEY\n", encoding="utf-8")
    given = {
        **NEEDED,
        "region": "fsn1",
        "size": "cx43",
        "sshPublicKey": LINE,
        "sshIdentityFile": "~/.ssh/market",
        "alphaVantageKey": str(file),
        "settings.ALPHA_VANTAGE_PLAN": "75",
        "settings.SYMBOLS": "AAPL,NVDA",
        "settings.INTERVALS": "5min,1d",
        "backupTarget": "/mnt/backups",
    }
    found = new(given, keys=())
    values = {key: value for key, value in given.items() if key != "alphaVantageKey"}
    assert found == NewStack({"deploy": "true", **values}, {"alphaVantageKey": "CANARYKEY"})
    assert "CANARYKEY" not in repr(found)
    assert found.lines() == [
        "host     hcloud fsn1 cx43",
        "costs    see your cloud's page of prices",
        "SSH      from 203.0.113.7/32",
        "backups  /mnt/backups",
        "data     your key of Alpha Vantage, ALPHA_VANTAGE_PLAN 75, INTERVALS 5min,1d, "
        "SYMBOLS AAPL,NVDA",
    ]
    assert config_commands(found.values) == [
        [
            *("set-all", "--plaintext", "deploy=true", "--plaintext", "cloud=hcloud"),
            *("--plaintext", "region=fsn1", "--plaintext", "size=cx43"),
            *("--plaintext", f"sshPublicKey={LINE}", "--plaintext"),
            *("sshIdentityFile=~/.ssh/market", "--plaintext", "adminCidrs=203.0.113.7"),
            *("--plaintext", "backupTarget=/mnt/backups"),
        ],
        [
            *("set-all", "--path", "--plaintext", "settings.ALPHA_VANTAGE_PLAN=75"),
            *("--plaintext", "settings.INTERVALS=5min,1d"),
            *("--plaintext", "settings.SYMBOLS=AAPL,NVDA"),
        ],
    ]


def test_a_person_is_asked_again_where_an_answer_is_wrong() -> None:
    person = Person(
        *("moon", "hcloud"),
        "2",
        *("0.0.0.0/0", ""),
        *("", WORDS),
        *("/no/such/key", ""),
        *("A B", "aapl"),
    )
    found = new({}, keys=(AGENTS, NAMED), addresses=HERE, person=person)
    assert found.values == {
        "deploy": "true",
        "cloud": "hcloud",
        "sshPublicKey": LINE,
        "sshIdentityFile": "/home/ann/.ssh/market",
        "adminCidrs": "198.51.100.7",
        "backupTarget": WORDS,
        "settings.SYMBOLS": "aapl",
    }
    assert person.told == [
        "cloud is 'moon'; it must be one of aws, azure, gcp, hcloud, digitalocean, existing, local",
        "adminCidrs opens SSH to the world; name your own, such as: --admin-cidrs 203.0.113.7/32",
        "backupTarget is not set, so the loss of the machine would be that of its backups; name a "
        "place away from it, such as: --backup-target sftp://ann@nas.example.org/tapeline, or say "
        "so: --backup-target 'on this machine only'",
        "--key-file: [Errno 2] No such file or directory: '/no/such/key'",
        "settings: SYMBOLS is 'A B'; it must be symbols such as AAPL, TSCO.LON, FX:EUR/USD, "
        "CRYPTO:BTC/USD or INDEX:SPX, with commas between them; such as: --symbols AAPL,NVDA",
    ]
    assert "hcloud (9 €)" in person.asked[0]
    assert (
        "\n  1. ssh-ed25519 ann@desk (agent)\n  2. ssh-ed25519 ann@desk (/home" in person.asked[2]
    )
    assert person.asked[3].endswith("[198.51.100.7]: ")


def test_a_machine_that_is_there_and_a_container_need_less() -> None:
    local = new({"cloud": "local"})
    assert local.values == {
        "deploy": "true",
        "cloud": "local",
        "sshPublicKey": LINE,
        "adminCidrs": "127.0.0.1",
    }
    assert local.lines()[:2] == ["host     local", "costs    nothing"]
    given = {"hostAddress": "192.0.2.10", "hostKey": PUBLIC_KEY}
    existing = new({**NEEDED, "cloud": "existing", **given}, keys=())
    assert existing.values == {
        "deploy": "true",
        "cloud": "existing",
        "hostAddress": "192.0.2.10",
        "hostUser": "tapeline",
        "hostKey": PUBLIC_KEY,
        "adminCidrs": "203.0.113.7",
        "backupTarget": WORDS,
    }


@pytest.mark.parametrize(
    ("given", "keys", "told"),
    [
        ({}, [AGENTS], "cloud is not set: Where the host is: .* such as: --cloud hcloud"),
        ({"cloud": "hcloud"}, [AGENTS], "adminCidrs is not set: .* such as: --admin-cidrs 203"),
        (NEEDED, [], "no SSH key was found in the agent or in ~/.ssh; make one: ssh-keygen -t "),
        (NEEDED, [AGENTS, NAMED], "which SSH key.* --ssh-public-key FILE: agent, /home/ann/.ssh/m"),
        ({**NEEDED, "sshPublicKey": "ssh-ed25519 AAAA"}, [], "is a public SSH key cut short; such"),
        ({**NEEDED, "sshPublicKey": "/no/key"}, [], "--ssh-public-key /no/key: .*No such file"),
        ({**NEEDED, "cloud": "existing"}, [], "hostAddress is not set: .*: --host-address 192.0.2"),
        (
            {**NEEDED, "settings.ALPHA_VANTAGE_PLAN": "gold"},
            [AGENTS],
            "ALPHA_VANTAGE_PLAN is 'gold'; it must be free, unlimited or a whole number of calls",
        ),
        ({**NEEDED, "alphaVantageKey": "/dev/null"}, [AGENTS], "/dev/null must hold one key and"),
        ({**NEEDED, "size": "c x"}, [AGENTS], "size is 'c x', which is no name; such as: --size"),
    ],
)
def test_with_nobody_there_one_line_says_what_is_missing_or_wrong(
    given: Mapping[str, str], keys: Sequence[SshKey], told: str
) -> None:
    with pytest.raises(OperationError, match=told) as fault:
        new(given, keys)
    assert "\n" not in str(fault.value)


def test_an_intraday_interval_needs_a_plan_that_has_it(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("KEY", encoding="utf-8")
    given = {**NEEDED, "alphaVantageKey": str(file), "settings.INTERVALS": "1min"}
    with pytest.raises(OperationError, match="intraday bars are a premium feature"):
        new(given)


def test_the_byte_order_mark_of_an_editor_is_no_part_of_the_key(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("KEY\n", encoding="utf-8-sig")
    assert new({**NEEDED, "alphaVantageKey": str(file)}).secrets["alphaVantageKey"] == "KEY"


def test_of_several_addresses_nobody_but_a_person_chooses() -> None:
    found = {**HERE, "198.51.100.8": "where your SSH session comes from"}
    with pytest.raises(OperationError, match="adminCidrs"):
        new({"cloud": "hcloud"}, addresses=found)


def test_the_addresses_of_an_ssh_session_count_where_they_are_public() -> None:
    operation = {"SSH_CONNECTION": "8.8.4.4 50000 10.0.0.5 22"}
    assert addresses_found(operation).get("8.8.4.4") == "where your SSH session comes from"
    assert "10.0.0.5" not in addresses_found(operation)
    assert not {"", "127.0.0.1"} & {*addresses_found({})}


def test_an_error_names_the_option() -> None:
    assert by_options("x; such as: pulumi config set --secret alphaVantageKey K") == (
        "x; such as: --key-file K"
    )
    assert by_options("pulumi config set --path settings.SYMBOLS A") == "--symbols A"
    assert by_options("pulumi config set domain d.example") == "pulumi config set domain d.example"
