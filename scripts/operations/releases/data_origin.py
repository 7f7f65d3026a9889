"""Keeps simulated and real bars apart: looks, before a key comes or goes or a backup is restored,
which bars are there.

The producer's own start refuses the same (services/producer/entrypoint.sh); here it is told before
anything changes on a host.
"""

from __future__ import annotations

import shlex
from typing import Final

from infra.config.container_settings import DATA_OF_BOTH, KEEP_BOTH_WORDS
from scripts.operations import compose_commands
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.releases.settings_file import setting
from scripts.operations.target import HOST_DIRECTORY

KEY_OF_THE_STACK: Final = f"{HOST_DIRECTORY}/key_of_the_stack"
"""Says that the key of the host came from the stack, and goes with it; Ansible keeps it."""
BARS_OF: Final = {
    "simulated": "select exists (select from market.events_stream where source = 'simulator')",
    "real": "select exists (select from market.events_stream where source <> 'simulator')",
}
"""The queries that tell whether a database holds bars of a market."""


def refuse_mixing(operation: Operation, *, has_key: bool) -> None:
    """Refuse to run one market where bars of the other are. Raises OperationError."""
    if _keeps_both(operation):
        return
    held, wanted = ("simulated", "real") if has_key else ("real", "simulated")
    look = f"if [ -d /var/lib/tapeline/{held} ]; then ls -A /var/lib/tapeline/{held}; fi"
    # Where there are no containers yet, or no image of one, there is nothing to be mixed.
    code, printed = operation.shell.code(
        compose_commands.beside(operation.target, "producer", look)
    )
    if code == 0 and "producer.sqlite" in printed:
        raise OperationError(
            f"{operation.target.name} holds bars of the {held} market, and the {wanted} one is to "
            f"run there now; start empty: {_emptied(operation)}; or keep both, each bar marked by "
            f"its source: {_kept(operation)}"
        )


def refusal_of_restored(operation: Operation) -> tuple[str, str]:
    """Return the query that finds, in a restored database, bars of the market that the producer
    does not bring, and what to say then; no query where both may be kept."""
    if _keeps_both(operation):
        return "", ""
    key = shlex.quote(f"{operation.target.keys}/alpha_vantage_key")
    has_key = operation.shell.code(f"test -e {key}")[0] == 0
    held, runs = ("simulated", "real") if has_key else ("real", "simulated")
    because = (
        f"the backup holds bars of the {held} market, and {operation.target.name} runs the {runs} "
        f"one; restore it elsewhere; or keep both, each bar marked by its source: "
        f"{_kept(operation)}"
    )
    return BARS_OF[held], because


def will_have_key(operation: Operation) -> bool:
    """Return whether a host has a key after its next deploy: the stack's, or one of its own."""
    if operation.host_outputs.secrets["alpha_vantage_key"]:
        return True
    own = shlex.quote(f"{operation.target.keys}/alpha_vantage_key")
    return operation.shell.code(f"test -e {own} -a ! -e {KEY_OF_THE_STACK}")[0] == 0


def refuse_a_stacks_key(operation: Operation) -> None:
    """Refuse to change a key that the next deploy would bring back. Raises OperationError."""
    if operation.outputs is not None and operation.outputs.secrets["alpha_vantage_key"]:
        raise OperationError(
            f"the key of {operation.target.name} is the stack's, so a new one goes there: pulumi "
            f"config set --secret alphaVantageKey --stack {operation.target.name}, then pulumi up "
            "(and fab deploy, without deploy=true)"
        )


def _keeps_both(operation: Operation) -> bool:
    if operation.outputs is not None:
        return operation.outputs.settings.get(DATA_OF_BOTH) == KEEP_BOTH_WORDS
    text = operation.run(compose_commands.of_file("cat", ".env"))
    return setting(text, DATA_OF_BOTH).strip("'\"") == KEEP_BOTH_WORDS


def _emptied(operation: Operation) -> str:
    if operation.outputs is None:
        return "fab destroy --with-data"
    return f"fab destroy --with-data --stack {operation.target.name}, then deploy again"


def _kept(operation: Operation) -> str:
    if operation.outputs is None:
        return f"{DATA_OF_BOTH}='{KEEP_BOTH_WORDS}' in .env"
    return f"pulumi config set --path settings.{DATA_OF_BOTH} '{KEEP_BOTH_WORDS}', then pulumi up"
