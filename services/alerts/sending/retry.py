"""When a message is tried again. Pure."""

from __future__ import annotations

from typing import Final

MOST_MESSAGE_SECONDS: Final = 3600.0
MOST_RECEIVER_SECONDS: Final = 60.0


def message_seconds(tries: int, chance: float) -> float:
    """Return the wait after so many failed tries, of which `chance` (0 to 1) takes up to a fifth,
    so that what failed together does not come again together."""
    return min(MOST_MESSAGE_SECONDS, 2.0 ** min(tries, 20)) * (1 - 0.2 * chance)


def receiver_seconds(failures: int) -> float:
    """Return how long a receiver that was away so many times in a row is left alone."""
    return min(MOST_RECEIVER_SECONDS, 0.5 * 2.0 ** min(failures, 20))
