"""Indicators in the live job: they follow the bars, or wait until they are wanted."""

from __future__ import annotations

from dataclasses import replace

from tests.bars import record
from tests.fixtures.live import Stream, end, log_of, wait_for
from tests.fixtures.market import Topic
from tests.integration.stream.many_bars import many
from tests.integration.views.expected.indicators import assert_derived, nothing_is_due

LATER = "2025-11-07T21:00:03.412Z"


def test_derived_series_follow_the_bars(stream: Stream, bars_topic: Topic) -> None:
    bars_topic.send(*map(record, many(1500)))
    child = stream.start()
    stream.wait_for_offset(1500)
    revised = many(1)[0]
    later = replace(revised, ohlcv=revised.ohlcv._replace(close="270.00"), observed_at=LATER)
    bars_topic.send(record(later))
    stream.wait_for_offset(1501)
    wait_for(lambda: nothing_is_due(stream.market), "the indicators")

    assert end(child)[0] == 0, log_of(child)
    assert_derived(stream.market)


def test_series_that_were_not_wanted_are_derived_later(stream: Stream, bars_topic: Topic) -> None:
    bars_topic.send(*map(record, many(200)))
    without = stream.start(INDICATORS="false")
    stream.wait_for_offset(200)
    assert end(without)[0] == 0, log_of(without)
    assert stream.market.rows("select count(*) from market.bar_indicators") == [(0,)]

    child = stream.start()
    wait_for(lambda: nothing_is_due(stream.market), "the indicators")

    assert end(child)[0] == 0, log_of(child)
    assert_derived(stream.market)
