"""Server-sent events: their text, and ids that lead back to an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.live import sse
from services.dashboard.live.feed import Heard
from services.dashboard.live.subscribers import Watch

AAPL = Watch("AAPL", "1min")


def test_bars_as_an_event() -> None:
    assert sse.bars(AAPL, [(60.0, 1.0, 2.0, 0.5, 1.5, 10.0)], "7") == (
        b"event: bars\n"
        b'data: {"symbol":"AAPL","interval":"1min","basis":"split_adjusted",'
        b'"rows":[[60.0,1.0,2.0,0.5,1.5,10.0]]}\n'
        b"id: 7\n\n"
    )


@given(microseconds=st.integers(0, 10**17 - 1))
def test_an_id_leads_back_to_its_instant(microseconds: int) -> None:
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    assert sse.instant_of(sse.event_id(instant)) == instant


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "9" * 18, "٣"])
def test_what_is_no_id_of_ours_is_none(text: str) -> None:
    assert sse.instant_of(text) is None


def test_notifications_are_gathered() -> None:
    heard = Heard()
    heard.add('{"symbols": ["AAPL"]}')
    heard.add('{"symbols": ["MSFT"]}')
    assert (heard.concerns(AAPL), heard.concerns(Watch("TSLA", "1min"))) == (True, False)
    heard.add('{"symbols": null}')
    assert heard.concerns(Watch("TSLA", "1min"))


@pytest.mark.parametrize(
    "payload", [None, "", "{", "[]", "7", '{"symbols": 7}', '{"symbols": [[]]}', "[" * 9999]
)
def test_a_notification_that_names_nothing_concerns_everybody(payload: str | None) -> None:
    heard = Heard()
    heard.add(payload)
    assert heard.concerns(AAPL)
