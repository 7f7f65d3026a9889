"""The one error that setup and the embedded servers raise for faults that a person can mend."""

from __future__ import annotations


class SetupError(Exception):
    """One line (plus quoted log lines, if any): what is wrong and what to do about it."""
