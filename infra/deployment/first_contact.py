"""Gives a new VM its lasting host key: one JSON object on stdin in, a line on what was done out.

The VM is met by the key of its user data, which is pinned; through that connection the lasting
key takes its place. From then on the lasting one is pinned. Any other key is never talked to.
Pulumi runs it after the VM is made, and again when another VM has taken its place; run once more,
it finds everything done.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.machine.cloud_init import HOST_KEY_FILE
from infra.machine.ssh_keys import known_hosts_line

DEADLINE_SECONDS: Final = 600
TELL_AFTER_SECONDS: Final = 30
"""A first boot may take so long; then the reason is told, and the waiting goes on."""
PAUSE_SECONDS: Final = 5
SSH_FAILED: Final = 255

INSTALL_SCRIPT: Final = f"""\
set -eu
umask 077
cat > {HOST_KEY_FILE}.new
ssh-keygen -y -f {HOST_KEY_FILE}.new > {HOST_KEY_FILE}.pub
chmod 0644 {HOST_KEY_FILE}.pub
mv {HOST_KEY_FILE}.new {HOST_KEY_FILE}
for other in rsa ecdsa dsa; do rm -f /etc/ssh/ssh_host_${{other}}_key*; done
if [ -d /etc/cloud ]; then
    echo 'ssh_deletekeys: false' > /etc/cloud/cloud.cfg.d/99-tapeline-host-key.cfg
    chmod 0644 /etc/cloud/cloud.cfg.d/99-tapeline-host-key.cfg
fi
systemctl restart ssh
"""
"""Runs on the VM as root; the lasting private key comes on its standard input."""

WAIT_SCRIPT: Final = """\
if command -v cloud-init > /dev/null; then cloud-init status --wait > /dev/null || [ $? -eq 2 ]; fi
"""
"""Ends when the first boot is over; 2 says that it was so with warnings."""


class ContactError(Exception):
    """The host cannot be reached or believed; the message is one line."""


@dataclass(frozen=True)
class Contact:
    """Whom to meet and by which keys."""

    address: str
    port: int
    user: str
    identity_file: str
    first_contact_public: str
    lasting_public: str
    lasting_private: str


@dataclass(frozen=True)
class Answer:
    """How a command over SSH ended; exit code 255 is SSH's own failure."""

    code: int
    errors: str


Run = Callable[[list[str], str], Answer]


def contact_from(found: Mapping[str, Any]) -> Contact:
    """Return the contact that Pulumi describes."""
    names = Contact.__dataclass_fields__
    return Contact(**{name: found[name] for name in names})


def ssh_command(contact: Contact, known_hosts: Path, remote: str) -> list[str]:
    """Return the command that runs `remote` on the host and believes `known_hosts` alone."""
    identity = ["-i", str(Path(contact.identity_file).expanduser())]
    return [
        "ssh",
        "-o", "BatchMode=yes",
        "-o", "StrictHostKeyChecking=yes",
        "-o", f"UserKnownHostsFile={known_hosts}",
        "-o", "GlobalKnownHostsFile=/dev/null",
        "-o", "UpdateHostKeys=no",
        "-o", "ControlPath=none",
        "-o", "ConnectTimeout=10",
        "-p", str(contact.port),
        *(identity if contact.identity_file else []),
        f"{contact.user}@{contact.address}",
        remote,
    ]  # fmt: skip


Pause = Callable[[str], None]
"""Takes why there is nothing else to do; empty: it is too early to say."""


def settle(contact: Contact, run: Run, clock: Callable[[], float], pause: Pause) -> str:
    """Bring the host to its lasting key and return what was done. Raises ContactError."""
    _require_key(contact)
    with tempfile.TemporaryDirectory() as folder:
        known = {}
        for name in ("first_contact_public", "lasting_public"):
            known[name] = Path(folder) / name
            line = known_hosts_line(contact.address, contact.port, getattr(contact, name))
            known[name].write_text(f"{line}\n", encoding="utf-8")
        begin = since = clock()
        before = ""
        while True:
            done = _try(contact, run, known["first_contact_public"], known["lasting_public"])
            if isinstance(done, str):
                return done
            why, now = _complaint(contact, done), clock()
            if now > begin + DEADLINE_SECONDS:
                raise ContactError(f"{why}; waited {DEADLINE_SECONDS} s")
            if why != before:
                before, since = why, now
            pause(why if now >= since + TELL_AFTER_SECONDS else "")


def _require_key(contact: Contact) -> None:
    file = Path(contact.identity_file).expanduser()
    if contact.identity_file and not file.is_file():
        raise ContactError(
            f"there is no private key {file}; name yours, such as: "
            "pulumi config set sshIdentityFile ~/.ssh/id_ed25519"
        )


def _try(contact: Contact, run: Run, first: Path, lasting: Path) -> str | Answer:
    """Return what was done, or how the last try failed."""
    met = run(ssh_command(contact, lasting, _as_root(WAIT_SCRIPT)), "")
    if met.code == 0:
        return "the host has its lasting key"
    if met.code != SSH_FAILED:
        raise ContactError(
            f"the first boot of {contact.address} failed; `cloud-init status --long` there says why"
        )
    installed = run(ssh_command(contact, first, _as_root(INSTALL_SCRIPT)), contact.lasting_private)
    if installed.code not in (0, SSH_FAILED):
        raise ContactError(
            f"{contact.address} refused its host key: {_last_line(installed.errors)}"
        )
    if installed.code == 0:
        met = run(ssh_command(contact, lasting, _as_root(WAIT_SCRIPT)), "")
        if met.code == 0:
            return "the first contact's host key was replaced by the lasting one"
        return met
    # Both keys were refused: the first contact's complaint is the one to tell.
    return installed


def _as_root(script: str) -> str:
    quoted = script.replace("'", "'\\''")
    return f"sudo -n sh -c '{quoted}'"


def _complaint(contact: Contact, answer: Answer) -> str:
    where = f"{contact.address} port {contact.port}"
    if "verification failed" in answer.errors:
        return (
            f"{where} shows a host key that is neither of ours; if another machine may stand "
            "between, go no further; else remove the VM and let Pulumi make it anew"
        )
    if "Permission denied" in answer.errors:
        return (
            f"{where} does not let {contact.user} in; the private key of sshPublicKey must be in "
            "your agent (ssh-add; one with a passphrase always) or be named by sshIdentityFile"
        )
    return (
        f"{where} does not answer; does adminCidrs hold the address that you come from now? "
        f"({_last_line(answer.errors)})"
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]


def _run(command: list[str], stdin: str) -> Answer:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    return Answer(done.returncode, done.stderr)


class _Waiting:
    """Waits between two tries, and tells why, each reason once."""

    def __init__(self) -> None:
        self._told = {""}
        print("waiting for the host ...", flush=True)  # noqa: T201 - shown by Pulumi

    def __call__(self, why: str) -> None:
        if why not in self._told:
            self._told.add(why)
            print(f"still waiting: {why}", flush=True)  # noqa: T201
        time.sleep(PAUSE_SECONDS)


def main() -> int:
    """Run from Pulumi; return the exit code."""
    try:
        done = settle(contact_from(json.load(sys.stdin)), _run, time.monotonic, _Waiting())
    except ContactError as error:
        sys.stderr.write(f"first contact: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("first contact: interrupted\n")
        return 130
    sys.stdout.write(f"{done}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
