"""The advisory locks that instances hold in the database while they do what only one may do."""

from __future__ import annotations

from typing import Final

ADVISORY_CLASS: Final = 0x7A9E
"""First key of every advisory lock of the pipeline; the second names what is locked."""
LOCK_STREAM: Final = 1
LOCK_REPLAY: Final = 2
LOCK_INDICATORS: Final = 3
LOCK_ACTIONS: Final = 4
LOCK_IMPORT: Final = 5
LOCK_QUOTES: Final = 6
LOCK_ALERTS: Final = 11
