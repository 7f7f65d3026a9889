"""The one error of set-up and of the local servers, for faults that a person can fix."""

from __future__ import annotations


class SetupError(Exception):
    """One line (plus quoted log lines, if any): what is wrong and what to do about it."""
