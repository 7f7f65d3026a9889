"""Keeps simulated and real bars apart: looks, before a key comes or goes, which bars are there.

The producer's own start refuses the same (services/producer/start); here it is told before
anything changes on a host.
"""

from __future__ import annotations

import shlex
from typing import Final

from infra.container_settings import DATA_OF_BOTH, KEEP_BOTH_WORDS
from scripts.operations import commands
from scripts.operations.errors import OperationError
from scripts.operations.place import HOST_DIRECTORY
from scripts.operations.session import Session
from scripts.operations.settings_file import setting

KEY_OF_THE_STACK: Final = f"{HOST_DIRECTORY}/key_of_the_stack"
"""Says that the key of the host came from the stack, and goes with it; Ansible keeps it."""


def refuse_mixing(session: Session, *, has_key: bool) -> None:
    """Refuse to run one market where bars of the other are. Raises OperationError."""
    if _keeps_both(session):
        return
    held, wanted = ("simulated", "real") if has_key else ("real", "simulated")
    look = f"if [ -d /var/lib/tapeline/{held} ]; then ls -A /var/lib/tapeline/{held}; fi"
    # Where there are no containers yet, or no image of one, there is nothing to be mixed.
    code, printed = session.shell.code(commands.beside(session.place, "producer", look))
    if code == 0 and "producer.sqlite" in printed:
        raise OperationError(
            f"{session.place.name} holds bars of the {held} market, and the {wanted} one is to run "
            f"there now; start empty: {_emptied(session)}; or keep both, each bar marked by its "
            f"source: {_kept(session)}"
        )


def will_have_key(session: Session) -> bool:
    """Return whether a host has a key after its next deploy: the stack's, or one of its own."""
    if session.host_outputs.secrets["alpha_vantage_key"]:
        return True
    own = shlex.quote(f"{session.place.keys}/alpha_vantage_key")
    return session.shell.code(f"test -e {own} -a ! -e {KEY_OF_THE_STACK}")[0] == 0


def refuse_a_stacks_key(session: Session) -> None:
    """Refuse to change a key that the next deploy would bring back. Raises OperationError."""
    if session.outputs is not None and session.outputs.secrets["alpha_vantage_key"]:
        raise OperationError(
            f"the key of {session.place.name} is the stack's, so a new one goes there: pulumi "
            f"config set --secret alphaVantageKey --stack {session.place.name}, then pulumi up "
            "(and fab deploy, without deploy=true)"
        )


def _keeps_both(session: Session) -> bool:
    if session.outputs is not None:
        return session.outputs.settings.get(DATA_OF_BOTH) == KEEP_BOTH_WORDS
    text = session.run(commands.of_file("cat", ".env"))
    return setting(text, DATA_OF_BOTH).strip("'\"") == KEEP_BOTH_WORDS


def _emptied(session: Session) -> str:
    if session.outputs is None:
        return "fab destroy --with-data"
    return f"fab destroy --with-data --stack {session.place.name}, then deploy again"


def _kept(session: Session) -> str:
    if session.outputs is None:
        return f"{DATA_OF_BOTH}='{KEEP_BOTH_WORDS}' in .env"
    return f"pulumi config set --path settings.{DATA_OF_BOTH} '{KEEP_BOTH_WORDS}', then pulumi up"
