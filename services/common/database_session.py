"""What every connection to PostgreSQL relies on, whatever the database or the role has set.

Drivers read dates, times, bytes and floating-point numbers in one form only, and an administrator
may choose another for everybody. Out comes libpq's `options`, with further settings appended.
"""

from __future__ import annotations

from typing import Final

RELIED_ON: Final = (
    "timezone=UTC",
    "datestyle=ISO",
    "intervalstyle=postgres",
    "bytea_output=hex",
    "extra_float_digits=1",
    "default_transaction_isolation=read committed",
)


def session_options(*further: str) -> str:
    """Return `options` of a connection that sets these, each as `name=value`."""
    settings = (*RELIED_ON, *further)
    return " ".join("-c " + setting.replace(" ", "\\ ") for setting in settings)
