"""Asks what a new stack needs to know: options and what was found in, checked settings out.

Each answer is judged by the checks of `infra.config.settings`, as `pulumi up` will judge it. Where
nobody is there to answer, the default counts, or one line says which option is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from infra.config.catalog import CATALOG
from infra.config.config_keys import KEYS
from infra.config.reader import SettingError
from infra.config.settings import ON_THIS_MACHINE_WORDS
from scripts.operations.errors import OperationError
from scripts.operations.new_stack.operator_machine import SshKey, is_locked, key_of
from scripts.operations.new_stack.stack_configuration import NewStack, by_options, parsed

Ask = Callable[[str], str]
Answer = TypeVar("Answer")

_SOME_KEY: Final = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43}"
_FILLERS: Final[Mapping[str, str]] = {
    "adminCidrs": "192.0.2.1/32",
    "sshPublicKey": _SOME_KEY,
    "hostAddress": "192.0.2.1",
    "hostKey": _SOME_KEY,
    "backupTarget": ON_THIS_MACHINE_WORDS,
}
"""Stand for what is not asked yet while an answer is judged."""


@dataclass(frozen=True)
class Found:
    """What this machine offers as answers."""

    keys: Sequence[SshKey] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)


class Interview:
    """Takes each answer from its option, from a person, or from what was found."""

    def __init__(
        self, given: Mapping[str, str], found: Found, ask: Ask | None, say: Callable[[str], None]
    ) -> None:
        self._given = given
        self._found = found
        self._ask = ask
        self._say = say
        self.stack = NewStack({"deploy": "true"})

    def run(self) -> NewStack:
        """Return what was answered. Raises OperationError, one line."""
        clouds = [f"{name} ({one.a_month})" for name, one in CATALOG.items()]
        self._settle("cloud", f"Where, and about what it costs a month: {', '.join(clouds)}")
        cloud = self.stack.values["cloud"]
        for key in ("region", "size"):
            self._settle(key)
        if cloud == "existing":
            self._settle("hostAddress", "The machine's address or name")
            self._settle("hostUser", "The user there, with sudo", "tapeline")
            self._settle("hostKey", "Its host key, /etc/ssh/ssh_host_ed25519_key.pub there")
        else:
            self._settle_ssh_key()
        self._settle("sshIdentityFile")
        if cloud == "local":
            # This machine comes in whatever the list holds.
            self.stack.values["adminCidrs"] = self._given.get("adminCidrs") or "127.0.0.1"
        else:
            self._settle_admin_cidrs()
            self._settle(
                "backupTarget",
                "Where backups go: a path where another disk is mounted, or the words: "
                f"{ON_THIS_MACHINE_WORDS}\nPlace",
            )
        self._settle_data()
        self._judge(self.stack.values, fillers={})
        return self.stack

    def _settle(self, key: str, question: str = "", default: str = "") -> None:
        """Keep the first answer that passes; without a question, that of the option alone."""
        given = self._given.get(key, "")

        def take() -> dict[str, str]:
            value = given or self._asked(question, default)
            values = {**self.stack.values, **({key: value} if value else {})}
            self._judge(values, {name: one for name, one in _FILLERS.items() if name != key})
            return values

        if given or question:
            self.stack.values = self._until_right(take, is_given=bool(given))

    def _until_right(self, take: Callable[[], Answer], *, is_given: bool) -> Answer:
        while True:
            try:
                return take()
            except OperationError as error:
                if is_given or self._ask is None:
                    raise
                self._say(str(error))

    def _asked(self, question: str, default: str) -> str:
        if self._ask is None:
            return default
        return self._ask(f"{question}{f' [{default}]' if default else ''}: ").strip() or default

    def _judge(self, values: Mapping[str, str], fillers: Mapping[str, str] = _FILLERS) -> None:
        cloud = values.get("cloud", "")
        meant = {
            key: one for key, one in fillers.items() if cloud in (KEYS[key].clouds or (cloud,))
        }
        try:
            parsed({**meant, **values}, self.stack.secrets)
        except SettingError as error:
            raise OperationError(by_options(str(error))) from None

    def _settle_ssh_key(self) -> None:
        keys = self._found.keys
        given = self._given.get("sshPublicKey", "")
        if not given and not keys:
            raise OperationError(
                "no SSH key was found in the agent or in ~/.ssh; make one: ssh-keygen -t ed25519, "
                "or name its file: --ssh-public-key FILE"
            )
        if not given and self._ask is None and len(keys) > 1:
            raise OperationError(
                "which SSH key? Name it by --ssh-public-key FILE: "
                + ", ".join(one.where for one in keys)
            )
        listed = "".join(f"\n  {number}. {one}" for number, one in enumerate(keys, 1))
        question = f"The SSH key that operates the host, or its file:{listed}\nNumber"

        def take() -> SshKey:
            key = self._key(given or self._asked(question, "1"))
            if is_locked(key):
                raise OperationError(
                    f"{key.private_file} has a passphrase and is not in your agent; first: "
                    f"ssh-add {key.private_file}"
                )
            return key

        key = self._until_right(take, is_given=bool(given))
        self.stack.values["sshPublicKey"] = key.line
        if key.identity_file:
            self.stack.values["sshIdentityFile"] = key.identity_file

    def _key(self, answer: str) -> SshKey:
        keys = self._found.keys
        if answer.isdigit() and 1 <= int(answer) <= len(keys):
            return keys[int(answer) - 1]
        if re.match(r"(ssh|ecdsa|sk)-\S+ ", answer):
            self._judge({**self.stack.values, "sshPublicKey": answer})
            return SshKey(answer, "given")
        try:
            return key_of(Path(answer).expanduser())
        except (OSError, ValueError) as error:
            raise OperationError(f"--ssh-public-key {answer}: {error}") from None

    def _settle_admin_cidrs(self) -> None:
        found = self._found.addresses
        hint = "".join(f"\n  {address}, {what}" for address, what in found.items())
        question = (
            "Who may reach SSH: the public address of the network that you come from"
            + (hint or " (your router shows it)")
            + "\nAddress or range"
        )
        # More than one is for a person to choose from.
        default = next(iter(found), "") if len(found) == 1 or self._ask is not None else ""
        self._settle("adminCidrs", question, default)

    def _settle_data(self) -> None:
        given = self._given.get("alphaVantageKey", "")
        question = "The file with your key of Alpha Vantage (none: the simulated market)"
        key = self._until_right(
            lambda: _key_in(given or self._asked(question, "")), is_given=bool(given)
        )
        if key:
            self.stack.secrets["alphaVantageKey"] = key
        plan = "Its plan: free, or the calls a minute" if key else ""
        self._settle("settings.ALPHA_VANTAGE_PLAN", plan, "free")
        self._settle("settings.INTERVALS")
        self._settle("settings.SYMBOLS", "Symbols, with commas between them (none: the usual ones)")


def _key_in(file: str) -> str:
    """Return the key that a file holds; nothing for no file. Raises OperationError."""
    try:
        # Some editors begin a text with a byte order mark, which no key has.
        key = Path(file).expanduser().read_text("utf-8-sig").strip() if file else ""
    except (OSError, ValueError) as error:
        raise OperationError(f"--key-file: {error}") from None
    if file and not re.fullmatch(r"\S+", key):
        raise OperationError(f"--key-file: {file} must hold one key and nothing else")
    return key
