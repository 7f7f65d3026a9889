"""Makes a stack by the Pulumi CLI: a checked configuration in, a host out.

What Pulumi asks or shows, a passphrase or a preview, is between it and the person.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.config.catalog import CATALOG
from scripts.launcher.paths import PULUMI_VENV, ROOT
from scripts.operations.errors import OperationError
from scripts.operations.new_stack.stack_configuration import NewStack

_NESTED = "settings."


def require_sdk(cloud: str, venv: Path = PULUMI_VENV) -> None:
    """Raise OperationError where `pulumi up` for this cloud would find no SDK."""
    package = CATALOG[cloud].sdk or "pulumi"
    if not [*venv.glob(f"lib/python*/site-packages/{package}")]:
        raise OperationError(f"the SDK of {cloud} is missing; run: scripts/setup --cloud {cloud}")


def require_new(stack: str) -> None:
    """Raise OperationError where there is such a stack, or no place for one."""
    found = json.loads(_run("stack", "ls", "--json"))
    if stack in [one["name"].rpartition("/")[2] for one in found]:
        raise OperationError(
            f"there is a stack {stack}: go on with `pulumi up --stack {stack}`, forget it with "
            f"`pulumi stack rm {stack}`, or take another name: --stack NAME"
        )


def write(stack: str, new: NewStack) -> None:
    """Make the stack, and write its configuration. Raises OperationError."""
    _show("stack", "init", stack)
    for words in config_commands(new.values):
        _show("config", *words, "--stack", stack)
    for key, value in new.secrets.items():
        words = ["config", "set", "--secret", key, "--stack", stack]
        try:
            # By standard input: other accounts of this machine see the words of a command.
            _show(*words, given=value)
        except OperationError as error:
            raise OperationError(
                f"{error}; PULUMI_CONFIG_PASSPHRASE must be in the environment where the state is "
                f"in files; then `pulumi {' '.join(words)}` and `pulumi up --stack {stack}`"
            ) from None


def config_commands(values: Mapping[str, str]) -> list[list[str]]:
    """Return the words of `pulumi config` that write the values, nested ones by their path."""
    nested = {key: value for key, value in values.items() if key.startswith(_NESTED)}
    plain = {key: value for key, value in values.items() if key not in nested}
    return [
        ["set-all", *option, *(word for pair in pairs.items() for word in _plain(*pair))]
        for option, pairs in (((), plain), (("--path",), nested))
        if pairs
    ]


def _plain(key: str, value: str) -> tuple[str, str]:
    return "--plaintext", f"{key}={value}"


def preview(stack: str) -> None:
    """Show what would be made. Raises OperationError."""
    _show("preview", "--stack", stack)


def up(stack: str) -> None:
    """Make it; the preview was seen. Raises OperationError."""
    _show("up", "--stack", stack, "--yes", "--skip-preview")


def _run(*words: str) -> str:
    done = _started(["pulumi", *words], is_shown=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["pulumi failed"]
        raise OperationError(
            f"{lines[0]} (a place for the state: `pulumi login`, or `pulumi login file://$HOME`)"
        )
    return done.stdout


def _show(*words: str, given: str | None = None) -> None:
    done = _started(["pulumi", *words], is_shown=True, given=given)
    if done.returncode != 0:
        raise OperationError(f"`pulumi {words[0]}` ended with {done.returncode}; see above")


def _started(
    command: Sequence[str], *, is_shown: bool, given: str | None = None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=ROOT, capture_output=not is_shown, input=given, text=True, check=False
        )
    except FileNotFoundError:
        raise OperationError(
            "pulumi is not on the PATH; see https://www.pulumi.com/docs/iac/download-install/"
        ) from None
