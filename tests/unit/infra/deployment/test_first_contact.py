"""The first contact: only pinned keys are talked to, and the lasting key ends in its place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from infra.deployment.first_contact import (
    INSTALL_SCRIPT,
    SSH_FAILED,
    Answer,
    Contact,
    ContactError,
    settle,
    ssh_command,
)
from tests.unit.infra.stacks import PUBLIC_KEY

FIRST, LASTING = f"{PUBLIC_KEY}A", f"{PUBLIC_KEY}B"
CONTACT = Contact("203.0.113.80", 22, "tapeline", "", FIRST, LASTING, "PRIVATE lasting")


@dataclass
class Machine:
    """A VM that shows one host key, once it is up; what is run there is written down."""

    shows: str
    silent_for: int = 0
    letting_in: bool = True
    boot_code: int = 0
    received: list[str] = field(default_factory=list)

    def run(self, command: list[str], stdin: str) -> Answer:
        """Answer as ssh would, believing the known_hosts file of the command."""
        option = next(word for word in command if word.startswith("UserKnownHostsFile="))
        pinned = Path(option.partition("=")[2]).read_text("utf-8").strip()
        assert stdin == "" or pinned == f"{CONTACT.address} {FIRST}"
        if self.silent_for > 0:
            self.silent_for -= 1
            return Answer(SSH_FAILED, "ssh: connect: Connection refused\n")
        if pinned != f"{CONTACT.address} {self.shows}":
            return Answer(SSH_FAILED, "Host key verification failed.\n")
        if not self.letting_in:
            return Answer(SSH_FAILED, "tapeline@203.0.113.80: Permission denied (publickey).\n")
        if stdin:
            self.received.append(stdin)
            self.shows = LASTING
            return Answer(0, "")
        return Answer(self.boot_code, "")


@dataclass
class Meeting:
    """Settles with a machine, and keeps what is told meanwhile and when."""

    machine: Machine
    contact: Contact = CONTACT
    told: list[tuple[float, str]] = field(default_factory=list)
    seconds: float = 0.0

    def wait(self, why: str) -> None:
        """Let ten seconds pass."""
        if why and why not in [text for _, text in self.told]:
            self.told.append((self.seconds, why))
        self.seconds += 10

    def settle(self) -> str:
        """Bring the machine to its lasting key."""
        return settle(self.contact, self.machine.run, lambda: self.seconds, self.wait)


def meet(machine: Machine) -> str:
    """Settle with the machine."""
    return Meeting(machine).settle()


def test_a_new_vm_is_given_the_lasting_key_once_it_is_up() -> None:
    machine = Machine(FIRST, silent_for=5)
    assert meet(machine) == "the first contact's host key was replaced by the lasting one"
    assert machine.received == ["PRIVATE lasting"]
    assert machine.shows == LASTING


def test_a_vm_that_has_it_is_left_alone() -> None:
    machine = Machine(LASTING)
    assert meet(machine) == "the host has its lasting key"
    assert machine.received == []


def test_a_stranger_is_told_nothing() -> None:
    machine = Machine("ssh-ed25519 AAAAstranger")
    with pytest.raises(ContactError, match="host key"):
        meet(machine)
    assert machine.received == []


NOT_LET_IN = (
    "203.0.113.80 port 22 does not let tapeline in; the private key of sshPublicKey must be in "
    "your agent (ssh-add; one with a passphrase always) or be named by sshIdentityFile"
)
SILENT = (
    "203.0.113.80 port 22 does not answer; does adminCidrs hold the address that you come from "
    "now? (ssh: connect: Connection refused)"
)


def test_a_key_that_does_not_fit_is_explained_while_it_waits() -> None:
    meeting = Meeting(Machine(FIRST, silent_for=6, letting_in=False))
    with pytest.raises(ContactError) as fault:
        meeting.settle()
    assert str(fault.value) == f"{NOT_LET_IN}; waited 600 s"
    # Three tries of two connections each were in vain, before it answered.
    assert meeting.told == [(60.0, NOT_LET_IN)]
    assert meeting.seconds == 610


def test_a_slow_first_boot_is_told_and_waited_for() -> None:
    meeting = Meeting(Machine(FIRST, silent_for=10))
    assert meeting.settle() == "the first contact's host key was replaced by the lasting one"
    assert meeting.told == [(30.0, SILENT)]


def test_a_key_file_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    meeting = Meeting(Machine(FIRST), replace(CONTACT, identity_file=str(missing)))
    with pytest.raises(ContactError, match=f"{missing}"):
        meeting.settle()
    assert (meeting.seconds, meeting.machine.received) == (0, [])


def test_a_first_boot_that_failed_is_told() -> None:
    with pytest.raises(ContactError, match=r"203\.0\.113\.80"):
        meet(Machine(LASTING, boot_code=1))


def test_silence_ends() -> None:
    with pytest.raises(ContactError) as fault:
        meet(Machine(FIRST, silent_for=1000))
    assert str(fault.value) == f"{SILENT}; waited 600 s"


def test_the_command_believes_the_pinned_key_alone() -> None:
    contact = Contact("192.0.2.1", 2222, "tapeline", "/keys/mine", FIRST, LASTING, "PRIVATE")
    assert ssh_command(contact, Path("/tmp/known"), "true") == [  # noqa: S108
        "ssh",
        "-o",
        "BatchMode=yes",
        "-o",
        "StrictHostKeyChecking=yes",
        "-o",
        "UserKnownHostsFile=/tmp/known",
        "-o",
        "GlobalKnownHostsFile=/dev/null",
        "-o",
        "UpdateHostKeys=no",
        "-o",
        "ControlPath=none",
        "-o",
        "ConnectTimeout=10",
        "-p",
        "2222",
        "-i",
        "/keys/mine",
        "tapeline@192.0.2.1",
        "true",
    ]


def test_the_lasting_key_is_in_no_command_line() -> None:
    assert "PRIVATE" not in INSTALL_SCRIPT
