"""How long is waited before the next try."""

from __future__ import annotations

from services.alerts.sending.retry import message_seconds, receiver_seconds


def test_waits_grow_to_a_bound() -> None:
    assert [message_seconds(tries, 0.0) for tries in (0, 1, 5, 12, 10**6)] == [
        1.0, 2.0, 32.0, 3600.0, 3600.0,
    ]  # fmt: skip
    assert message_seconds(12, 1.0) == 2880.0
    assert [receiver_seconds(failures) for failures in (1, 2, 7, 10**6)] == [1.0, 2.0, 60.0, 60.0]
