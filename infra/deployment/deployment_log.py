"""Finds why a deployment failed: all that fab, Ansible and a build printed in, one line out."""

from __future__ import annotations

import json
import re
from typing import Final

_MOST_CHARACTERS: Final = 400
_FAB: Final = re.compile(r"^fab deploy: (.*)$", re.MULTILINE)
_TASK: Final = re.compile(r"^TASK \[(.*?)\] \**$", re.MULTILINE)
_ANSIBLE: Final = re.compile(r"^(?:fatal|failed): \[[^\]]*\].*? => (\{.*)$", re.MULTILINE)
_BUILD: Final = re.compile(r"^(?:(?:#\d+ )?ERROR: |.*failed to solve: ).*$", re.MULTILINE)


def cause(printed: str) -> str:
    """Return the cause in one line: what fab ended with, and what that refers to."""
    told = _FAB.findall(printed)
    last_line = (printed.strip().splitlines() or ["fab said nothing"])[-1]
    found = told[-1] if told else last_line
    if found.endswith("; see above"):
        found = f"{found.removesuffix('; see above')}{_above(printed)}"
    elif found.endswith(":"):
        found = f"{found} {last_line}"
    return found if len(found) <= _MOST_CHARACTERS else f"{found[:_MOST_CHARACTERS]} ..."


def _above(printed: str) -> str:
    """Return the error that came last, of Ansible or of a build."""
    errors = [*_ANSIBLE.finditer(printed), *_BUILD.finditer(printed)]
    if not errors:
        return ""
    last = max(errors, key=lambda match: match.start())
    if last.re is _BUILD:
        return f": {last[0]}"
    tasks = _TASK.findall(printed[: last.start()])
    return f", {f'task {tasks[-1]!r}' if tasks else 'before its first task'}: {_message(last[1])}"


def _message(result: str) -> str:
    """Return what a module said, of its result in JSON."""
    try:
        found = json.loads(result)
    except ValueError:
        return result
    words = [str(found[key]) for key in ("msg", "stderr", "module_stderr") if found.get(key)]
    return " ".join(" ".join(words).split()) or result
