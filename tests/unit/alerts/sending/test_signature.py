"""Messages are signed as Standard Webhooks says."""

from __future__ import annotations

from services.alerts.sending.signature import headers
from services.common.secret import Secret


def test_a_known_signature() -> None:
    key = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, key) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_without_a_key_there_is_no_signature() -> None:
    assert headers("msg_1", 5, b"", None) == {"webhook-id": "msg_1", "webhook-timestamp": "5"}
