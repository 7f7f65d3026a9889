"""Makes functions commands of Fabric: their options told, their errors one clear line."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any, get_origin, get_type_hints

from fabric import task
from invoke.exceptions import Exit

from scripts.operations.errors import OperationError


def command(function: Callable[..., Any]) -> Any:
    """Make a function a command: its options told as annotated, its errors one clear line."""

    # A word of Python's own, such as import, has an underscore behind it.
    name = function.__name__.rstrip("_").replace("_", "-")

    @functools.wraps(function)
    def run(*arguments: Any, **given: Any) -> None:
        try:
            function(*arguments, **given)
        except OperationError as error:
            raise Exit(f"fab {name}: {error}", 1) from None

    hints = get_type_hints(function, include_extras=True).items()
    told = {name: hint.__metadata__[0] for name, hint in hints if get_origin(hint) is Annotated}
    return task(name=name, help=told, auto_shortflags=False)(run)


def ended(code: int) -> None:
    """End with the code of what was shown."""
    if code != 0:
        raise Exit(code=code)
