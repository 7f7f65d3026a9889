"""One rule for the networks that may come, at each of the four places that take a list of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.config import settings
from infra.config.reader import SettingError
from scripts.launcher.paths import ROOT
from scripts.local_stack.servers.postgres_account import account_for
from scripts.operations.errors import OperationError
from scripts.operations.hosts import allowlist
from scripts.operations.target import LOCAL
from tests.fixtures.endpoint import Endpoint
from tests.unit.infra.stacks import PUBLIC_KEY
from tests.unit.operations.fakes import operation

OPENLY = "yes, from anywhere"
TAKEN = {
    "203.0.113.0/24": ["203.0.113.0/24"],
    "203.0.113.7": ["203.0.113.7/32"],
    "203.0.113.0/255.255.255.0": ["203.0.113.0/24"],
    "203.0.113.7/32, 198.51.100.0/24": ["198.51.100.0/24", "203.0.113.7/32"],
    "203.0.113.7/32 203.0.113.0/24": ["203.0.113.0/24"],
    "203.0.113.0/25,203.0.113.128/25": ["203.0.113.0/24"],
    "10.0.0.0/8": ["10.0.0.0/8"],
}
TAKEN_BY_WORDS = {
    "0.0.0.0/0": ["0.0.0.0/0"],
    "10.0.0.0/7": ["10.0.0.0/7"],
    "10.0.0.0/8,11.0.0.0/8": ["10.0.0.0/7"],
    "10.0.0.0/8,12.0.0.0/8": ["10.0.0.0/8", "12.0.0.0/8"],
    "0.0.0.0/1,128.0.0.0/1": ["0.0.0.0/0"],
}
REFUSED = (
    *("203.0.113.7/24", "1.0.0.0/7", "203.0.113.0/33", "203.0.113.256/32", "0x7f.0.0.1/8", "all"),
    *("2001:db8::/48", "10.0.0.0/8 trust", "samenet", "010.0.0.0/8", "10.0.0.0-10.0.0.9"),
)
Listed = list[str] | str
"""What is in force once a list was taken, or why it was refused."""
Place = Callable[[Path, str, str], Listed]


def by_pulumi(_: Path, text: str, words: str) -> Listed:
    least = {"cloud": "hcloud", "adminCidrs": "192.0.2.7", "sshPublicKey": PUBLIC_KEY,
             "backupTarget": "on this machine only"}  # fmt: skip
    chosen = {"powerBiCidrs": text, "worldOpenPostgres": words}
    try:
        return [*settings.parse({**least, **chosen}, ()).powerbi_cidrs]
    except SettingError as error:
        return str(error)


def by_secrets(folder: Path, text: str, words: str) -> Listed:
    place = Endpoint(folder, 1, account_for(folder))
    done = place.secrets(POWERBI_CIDRS=text, POWERBI_WORLD_OPEN=words)
    if done.returncode == 0:
        return (place.served / "powerbi_cidrs").read_text("utf-8").splitlines()
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not (place.served / "server.key").exists()
    return done.stderr


def host(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the host's program, with the rule beside it and a stand-in for nft."""
    nft = folder / "nft"
    nft.write_text("#!/bin/sh\n", encoding="utf-8")
    nft.chmod(0o755)
    program = folder / "tapeline-access"
    text = (ROOT / "ansible/roles/firewall/files/tapeline-access").read_text("utf-8")
    program.write_text(text.replace("/usr/sbin/nft", str(nft)), encoding="utf-8")
    (folder / "addresses.py").write_bytes((ROOT / "infra" / "config" / "addresses.py").read_bytes())
    command = [sys.executable, "-B", str(program), *words]
    environment = {"TAPELINE_ETC": str(folder)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def by_the_host(folder: Path, text: str, words: str) -> Listed:
    (folder / "world_open").write_text(words, encoding="utf-8")
    for part in text.replace(",", " ").split():
        done = host(folder, "allow", part)
        if done.returncode != 0:
            return done.stderr
    return host(folder, "list").stdout.split()


def by_fab(_: Path, text: str, words: str) -> Listed:
    kept, wanted = f"POWERBI_WORLD_OPEN={words}\n", [""]
    for part in text.replace(",", " ").split():
        one, shell, _clock = operation({"cat .env": kept}, LOCAL)
        try:
            wanted = allowlist.change(one, allowlist.ALLOW, part)
        except OperationError as error:
            return str(error)
        kept = shell.sent[".env"].decode()
        assert f"POWERBI_CIDRS={','.join(wanted)}\n" in kept
    return wanted


PLACES = pytest.mark.parametrize("place", [by_pulumi, by_secrets, by_the_host, by_fab])


@PLACES
@pytest.mark.parametrize("text", TAKEN)
def test_each_place_has_the_same_in_force(tmp_path: Path, place: Place, text: str) -> None:
    assert place(tmp_path, text, "") == TAKEN[text]


@PLACES
@pytest.mark.parametrize("text", TAKEN_BY_WORDS)
def test_each_place_asks_for_the_same_words(tmp_path: Path, place: Place, text: str) -> None:
    (tmp_path / "without").mkdir(mode=0o755)
    said = place(tmp_path / "without", text, "true")
    assert isinstance(said, str)
    assert OPENLY in said
    (tmp_path / "with").mkdir(mode=0o755)
    assert place(tmp_path / "with", text, OPENLY) == TAKEN_BY_WORDS[text]


@PLACES
@pytest.mark.parametrize("text", REFUSED)
def test_each_place_refuses_the_same(tmp_path: Path, place: Place, text: str) -> None:
    said = place(tmp_path, text, OPENLY)
    assert isinstance(said, str), said
    assert text.rsplit(maxsplit=1)[-1] in said


def test_what_stands_in_the_settings_and_is_no_network_can_be_taken_off() -> None:
    text = "POWERBI_CIDRS=203.0.113.7/24,198.51.100.0/24\n"
    one, shell, _ = operation({"cat .env": text}, LOCAL)
    assert allowlist.change(one, allowlist.DENY, "203.0.113.7/24") == ["198.51.100.0/24"]
    assert "POWERBI_CIDRS=198.51.100.0/24\n" in shell.sent[".env"].decode()


def test_whoever_is_denied_stays_out_whatever_was_merged(tmp_path: Path) -> None:
    for half in ("203.0.113.0/25", "203.0.113.128/25"):
        assert host(tmp_path, "allow", half).returncode == 0
    assert host(tmp_path, "deny", "203.0.113.128/25").stdout == "203.0.113.128/25 stays out\n"
    assert host(tmp_path, "list").stdout == "203.0.113.0/25\n"
    one, shell, _ = operation({"cat .env": "POWERBI_CIDRS=203.0.113.0/24\n"}, LOCAL)
    assert allowlist.change(one, allowlist.DENY, "203.0.113.128/25") == ["203.0.113.0/25"]
    assert "POWERBI_CIDRS=203.0.113.0/25\n" in shell.sent[".env"].decode()
