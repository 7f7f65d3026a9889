"""A webhook and Apprise against a real receiver that fails in every way."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from services.alerts.rules.model import AppriseReceiver, WebhookReceiver
from services.alerts.sending.apprise_sender import AppriseSender
from services.alerts.sending.errors import SendError
from services.alerts.sending.webhook import WebhookSender
from services.common.secret import Secret
from tests.integration.market_alerts.receiving import SECRET, Receiver, receiving

BODY = json.dumps({"type": "alert.fired", "data": {"text": "AAPL rose"}})


def sender(receiver: Receiver, *, allow_private: bool = True) -> WebhookSender:
    key = Secret(SECRET)
    return WebhookSender(WebhookReceiver("desk", Secret(receiver.url), key, allow_private), 1.0)


@pytest.fixture
def healthy() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_messages_come_signed_over_one_connection(healthy: Receiver) -> None:
    one = sender(healthy)
    for number in range(3):
        one.send(f"msg_{number}", BODY)
    one.close()
    assert healthy.accepted == [(f"msg_{number}", json.loads(BODY)) for number in range(3)]
    assert healthy.forged == 0


@pytest.mark.parametrize(
    ("fate", "told", "is_away"),
    [
        ("500", "the receiver answered 500", True),
        ("404", "the receiver answered 404", True),
        ("422", "the receiver answered 422", False),
        ("302", "the receiver answered 302, a redirect, which is not followed", True),
        ("hang", "no answer within 1 s", True),
        ("drip", "no answer within 1 s", True),
        ("close", "the receiver broke the connection off", True),
        ("lose", "the receiver broke the connection off", True),
    ],
)
def test_a_receiver_that_fails(fate: str, told: str, is_away: bool) -> None:
    with receiving(lambda _: fate) as receiver:
        one = sender(receiver)
        with pytest.raises(SendError) as caught:
            one.send("msg_1", BODY)
        one.close()
        assert (str(caught.value), caught.value.is_away) == (told, is_away)
        assert receiver.requests == 1


def test_a_connection_that_the_receiver_closed_meanwhile_is_opened_again() -> None:
    with receiving(lambda number: "close" if number == 2 else "200") as receiver:
        one = sender(receiver)
        one.send("msg_1", BODY)
        one.send("msg_2", BODY)
        one.close()
        assert receiver.ids() == {"msg_1": 1, "msg_2": 1}


def test_nobody_listens() -> None:
    with receiving() as gone:
        receiver = WebhookReceiver("desk", Secret(gone.url), None, allow_private=True)
    with pytest.raises(SendError, match="the connection was refused"):
        WebhookSender(receiver, 1.0).send("msg_1", BODY)


def test_a_name_for_a_private_address_is_not_sent_to(healthy: Receiver) -> None:
    one = WebhookReceiver("desk", Secret(f"http://localhost:{healthy.port}/"), None)
    with pytest.raises(SendError, match="not sent: the address is this machine's own"):
        WebhookSender(one, 1.0).send("msg_1", BODY)
    assert healthy.requests == 0


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_apprise_sends_and_is_held_back_alike(healthy: Receiver) -> None:
    url = Secret(
        f"json://127.0.0.1:{healthy.port}/?:webhook-id=m&+webhook-id=m&+webhook-timestamp=1"
    )
    AppriseSender(AppriseReceiver("phone", url, allow_private=True)).send("msg_1", BODY)
    [(_, told)] = healthy.accepted
    assert (told["title"], told["message"]) == ("Tapeline", "AAPL rose\nmsg_1")

    with pytest.raises(SendError, match="refused the message, or did not answer"):
        AppriseSender(AppriseReceiver("phone", url)).send("msg_2", BODY)
    assert len(healthy.accepted) == 1
    with pytest.raises(SendError, match="receiver phone: Apprise knows no such URL"):
        AppriseSender(AppriseReceiver("phone", Secret("nosuch://x")))
