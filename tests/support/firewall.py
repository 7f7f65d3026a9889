"""Takes back what an engine of ours has changed in the machine's network, once it has stopped.

In come the rules of iptables before and after, out go those that Docker made: it leaves them
behind, and with them a machine that forwards nothing for anybody.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping

from scripts.containers import programs

Rules = Mapping[str, str]
"""What `iptables -S` prints, by the table."""

_TABLES = ("filter", "nat")
_DOCKERS = re.compile(r"\bDOCKER\b|\bDOCKER-[A-Z0-9-]+|\bdocker0\b|\bbr-[0-9a-f]{12}\b")


def read_rules() -> Rules:
    """Return the machine's rules as they are."""
    return {table: _iptables(table, "-S") for table in _TABLES}


def is_dockers(text: str) -> bool:
    """Return whether a rule, or one of several, is Docker's."""
    return _DOCKERS.search(text) is not None


def undoing(before: str, now: str) -> list[list[str]]:
    """Return the arguments for iptables that take Docker's rules and chains out of `now`, and give
    the chains of the system the policy that they had `before`."""
    dockers = [line.split() for line in now.splitlines() if is_dockers(line)]
    chains = [words[1] for words in dockers if words[0] == "-N"]
    rules = [words for words in dockers if words[0] == "-A" and words[1] not in chains]
    policies = [line for line in before.splitlines() if line.startswith("-P")]
    return [
        *(["-D", *words[1:]] for words in rules),
        *(["-F", chain] for chain in chains),
        *(["-X", chain] for chain in chains),
        *(line.split() for line in policies if line not in now.splitlines()),
    ]


def restore(before: Rules) -> None:
    """Remove what an engine that has stopped left, if there was none `before` it."""
    if any(is_dockers(rules) for rules in before.values()):
        return  # another engine's, which may still run
    for table, rules in before.items():
        for arguments in undoing(rules, _iptables(table, "-S")):
            _iptables(table, *arguments)
    ip = programs.find("ip")
    if ip is not None:
        subprocess.run([ip, "link", "delete", "docker0"], capture_output=True, check=False)


def _iptables(table: str, *arguments: str) -> str:
    command = [programs.require("iptables"), "--wait", "-t", table, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
