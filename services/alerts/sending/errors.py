"""Why a message did not reach its receiver."""

from __future__ import annotations


class SendError(Exception):
    """A try failed; the line holds nothing of an address or a secret. `is_away`: no other message
    would have reached it either."""

    def __init__(self, told: str, *, is_away: bool) -> None:
        super().__init__(told)
        self.is_away = is_away
