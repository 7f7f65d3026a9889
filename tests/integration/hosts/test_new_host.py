"""`fab new` as a person types it: what Pulumi is told, and what is said where nothing is made."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fixtures.checkout import bare_checkout, run

TARGET = "/mnt/backups"
BACKUPS = ("--backup-target", TARGET)
# Stands for the Pulumi CLI: knows the words that it has, and keeps what it was told.
PULUMI = """#!{python}
import json, os, pathlib, sys
words = sys.argv[1:]
given = sys.stdin.read() if words[:3] == ["config", "set", "--secret"] else ""
calls = pathlib.Path(os.environ["CALLS"])
calls.write_text(calls.read_text() + json.dumps([words, given]) + "\\n")
known = {{"stack": ("ls", "init"), "config": ("set-all", "set"), "preview": (), "up": ()}}
if words[0] not in known or known[words[0]] and words[1] not in known[words[0]]:
    sys.exit(f"unknown command {{words}}")
if words == ["stack", "ls", "--json"]:
    print(json.dumps([{{"name": "organization/tapeline/old"}}]))
sys.exit(" ".join(words).startswith(os.environ.get("FAILS", "nothing")))
"""


@dataclass(frozen=True)
class Person:
    """Types `fab new` on a machine with one SSH key, a token, and a Pulumi that only listens."""

    checkout: Path
    home: Path

    @property
    def public_key(self) -> str:
        return (self.home / ".ssh" / "id_ed25519.pub").read_text("utf-8").strip()

    def new(self, *words: str, answers: str = "", **variables: str) -> tuple[int, str, str]:
        """Run `fab new`; with answers they are typed at a terminal."""
        typed, terminal = pty.openpty()
        os.write(typed, answers.encode())
        (self.home / "calls").write_text("", "utf-8")
        environment = {
            "PATH": str(self.checkout.parent / "bin"),
            "HOME": str(self.home),
            "CALLS": str(self.home / "calls"),
            "HCLOUD_TOKEN": "token",
            **variables,
        }
        environment["PATH"] += f":{self._found_python_by()}"
        try:
            done = subprocess.run(
                [str(self.checkout / ".venv/bin/fab"), "new", *words],
                cwd=self.checkout,
                env=environment,
                stdin=terminal if answers else subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            os.close(typed)
            os.close(terminal)
        return done.returncode, done.stdout, done.stderr

    def _found_python_by(self) -> Path:
        """Return a folder with the programs by which those of a set-up find their Python."""
        folder = self.home / "coreutils"
        folder.mkdir(exist_ok=True)
        for name in ("dirname", "realpath"):
            link, program = folder / name, shutil.which(name)
            assert program is not None
            if not link.exists():
                link.symlink_to(program)
        return folder

    def calls(self) -> list[tuple[str, str]]:
        """Return what Pulumi was told: its words, and what came on standard input."""
        lines = (self.home / "calls").read_text("utf-8").splitlines()
        return [(" ".join(words), given) for words, given in map(json.loads, lines)]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout that is set up for one cloud."""
    made = bare_checkout(tmp_path_factory.mktemp("new"))
    assert run(made, "scripts/setup", "--cloud", "hcloud")[0] == 0
    return made


@pytest.fixture
def person(checkout: Path, tmp_path: Path) -> Person:
    program = checkout.parent / "bin" / "pulumi"
    program.write_text(PULUMI.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / ".ssh").mkdir(mode=0o700)
    key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{tmp_path}/.ssh/id_ed25519"]
    subprocess.run(key, check=True)
    return Person(checkout, tmp_path)


def test_a_host_is_made_by_options_alone(person: Person) -> None:
    file = person.home / "key"
    file.write_text("CANARYKEY\n", encoding="utf-8")
    words = ("--cloud", "hcloud", "--admin-cidrs", "203.0.113.7", "--key-file", str(file), *BACKUPS)
    code, _, said = person.new(*words, "--plan", "75", "--symbols", "AAPL,NVDA", "--yes")
    assert (code, said.splitlines()[-1]) == (
        0,
        "next: fab status --stack dev, and the dashboard: fab tunnel --stack dev",
    )
    plain = f"deploy=true cloud=hcloud sshPublicKey={person.public_key} adminCidrs=203.0.113.7"
    written = plain.replace(" cloud=", " --plaintext cloud=").replace(" ssh", " --plaintext ssh", 1)
    written = written.replace(" adminCidrs", " --plaintext adminCidrs")
    written += f" --plaintext backupTarget={TARGET}"
    assert person.calls() == [
        ("stack ls --json", ""),
        ("stack init dev", ""),
        (f"config set-all --plaintext {written} --stack dev", ""),
        (
            "config set-all --path --plaintext settings.ALPHA_VANTAGE_PLAN=75 "
            "--plaintext settings.SYMBOLS=AAPL,NVDA --stack dev",
            "",
        ),
        ("config set --secret alphaVantageKey --stack dev", "CANARYKEY"),
        ("preview --stack dev", ""),
        ("up --stack dev --yes --skip-preview", ""),
    ]
    assert "CANARYKEY" not in said


def test_a_host_is_made_by_answers(person: Person) -> None:
    answers = ["moon", "hcloud", "1", "0.0.0.0/0", "203.0.113.7", TARGET, "", "AAPL", "yes"]
    code, asked, said = person.new("--stack", "live", answers="\n".join([*answers, ""]))
    assert code == 0, said
    assert "about 9 € a month" in said
    assert "It costs money from now on. Make it? Type yes: " in asked
    assert [words.split(" --")[0] for words, _ in person.calls()] == [
        *("stack ls", "stack init live", "config set-all", "config set-all", "preview", "up"),
    ]


def test_who_does_not_say_yes_pays_nothing(person: Person) -> None:
    words = ("--cloud", "hcloud", "--admin-cidrs", "203.0.113.7", *BACKUPS)
    code, _, said = person.new(*words, answers="\n\n\nno\n")
    assert code == 1
    assert said.splitlines()[-1] == (
        "fab new: nothing was made; later: pulumi up --stack dev, or forget it: pulumi stack rm dev"
    )
    assert "up" not in [words.split()[0] for words, _ in person.calls()]
    code, written, _ = person.new(*words, "--yes", "--only-configure")
    assert (code, written) == (0, "written; go on with: pulumi up --stack dev\n")
    assert person.calls()[-1][0].startswith("config set-all")


@pytest.mark.parametrize(
    ("words", "variables", "told"),
    [
        (("--stack", "old"), {}, "there is a stack old: go on with `pulumi up --stack old`"),
        (("--stack", "-x"), {}, "'-x' is not the name of a stack"),
        (("--cloud", "gcp"), {}, "the SDK of gcp is missing; run: scripts/setup --cloud gcp"),
        ((), {"HCLOUD_TOKEN": ""}, "HCLOUD_TOKEN is not set; export a token of hcloud that may"),
        ((), {"FAILS": "preview"}, "`pulumi preview` ended with 1; see above"),
        ((), {"FAILS": "stack"}, "pulumi failed (a place for the state: `pulumi login`, or"),
        ((), {"PATH": "/nowhere"}, "pulumi is not on the PATH; see https://www.pulumi.com/docs/"),
    ],
)
def test_what_keeps_a_host_from_being_made_is_one_line(
    person: Person, words: tuple[str, ...], variables: dict[str, str], told: str
) -> None:
    cloud = () if "--cloud" in words else ("--cloud", "hcloud")
    given = ("--admin-cidrs", "203.0.113.7", "--yes", *BACKUPS, *cloud, *words)
    code, _, said = person.new(*given, **variables)
    assert code == 1
    assert said.splitlines()[-1].startswith(f"fab new: {told}")
    assert "Traceback" not in said


def test_a_key_that_pulumi_does_not_take_is_told_with_the_way_on(person: Person) -> None:
    file = person.home / "key"
    file.write_text("CANARYKEY", encoding="utf-8")
    words = ("--cloud", "hcloud", "--admin-cidrs", "203.0.113.7", "--key-file", str(file))
    code, _, said = person.new(*words, *BACKUPS, "--yes", FAILS="config set --secret")
    assert (code, said.splitlines()[-1]) == (
        1,
        "fab new: `pulumi config` ended with 1; see above; PULUMI_CONFIG_PASSPHRASE must be in the "
        "environment where the state is in files; then `pulumi config set --secret "
        "alphaVantageKey --stack dev` and `pulumi up --stack dev`",
    )


def test_without_openssh_one_line_says_so(person: Person) -> None:
    only = person.home / "bin"
    only.mkdir()
    shutil.copy2(person.checkout.parent / "bin" / "pulumi", only)
    code, _, said = person.new("--cloud", "hcloud", "--yes", PATH=str(only))
    assert (code, said) == (
        1,
        "fab new: ssh, ssh-add, ssh-keygen not on the PATH; install OpenSSH's client\n",
    )


def test_a_key_that_only_its_passphrase_opens_goes_to_the_agent_first(person: Person) -> None:
    file = person.home / ".ssh" / "id_ed25519"
    lock = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "a passphrase", "-f", str(file)]
    subprocess.run(lock, check=True, stdout=subprocess.DEVNULL)
    code, _, said = person.new("--cloud", "hcloud", "--admin-cidrs", "203.0.113.7", "--yes")
    assert (code, said) == (
        1,
        f"fab new: {file} has a passphrase and is not in your agent; first: ssh-add {file}\n",
    )
