"""The live stream: what is committed arrives at once, and what was missed arrives afterwards."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import httpx

from services.dashboard.page_api.chart_sql import CANDLE_COLUMNS
from services.stream.sink import postgres
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import NEXT, Dashboard, Price, line, store

Event = tuple[str, str, Any]


def events(answer: httpx.Response) -> Iterator[Event]:
    """Yield (event, id, data) of a stream."""
    name, identity, data = "", "", ""
    for text in answer.iter_lines():
        field, _, value = text.partition(": ")
        if field == "event":
            name = value
        elif field == "id":
            identity = value
        elif field == "data":
            data = value
        elif not text and name:
            yield name, identity, json.loads(data)
            name, data = "", ""


@contextmanager
def watching(dashboard: Dashboard, last_id: str = "", **query: Any) -> Iterator[Iterator[Event]]:
    """Open a stream and return its events, once it has told how things stand."""
    asked = {"symbol": "AAPL", "interval": "1min", **query}
    headers = {"Last-Event-ID": last_id} if last_id else {}
    url = f"{dashboard.url}/api/stream"
    with httpx.stream("GET", url, params=asked, headers=headers, timeout=30) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer)


def first(found: Iterator[Event], name: str) -> Event:
    return next(event for event in found if event[0] == name)


def rows_of(found: Iterator[Event], name: str, minute: int) -> Event:
    """Return the first event of a name that has a row of a minute."""
    return next(
        event
        for event in found
        if event[0] == name and seconds(minute) in [row[0] for row in event[2]["rows"]]
    )


def bar(minute: int, close: float, seen_seconds: int = 0) -> str:
    at = NEXT + timedelta(minutes=minute)
    price = Price(close, close + 1, close - 1, close, 1000 + minute)
    return line("AAPL", at, price, NEXT + timedelta(days=1, seconds=seen_seconds))


def seconds(minute: int) -> float:
    return (NEXT + timedelta(minutes=minute)).timestamp()


def test_a_bar_arrives_at_its_commit_and_its_indicators_after_it(
    dashboard: Dashboard, stored: Market
) -> None:
    with watching(dashboard) as found:
        assert first(found, "status")[2]["database"] is True
        committed = store(stored, [bar(0, 300.0)])
        _, identity, data = rows_of(found, "bars", 0)
        assert time.time() - committed < 1.0
        wanted = [seconds(0), 300.0, 301.0, 299.0, 300.0, 1000.0]
        # What was stored seconds before may come with it: nobody was told of it yet.
        data["rows"] = [row for row in data["rows"] if row[0] >= seconds(0)]
        series = {"symbol": "AAPL", "interval": "1min", "basis": "split_adjusted"}
        assert data == {**series, "rows": [wanted]}
        assert identity.isdigit()
        _, _, derived = rows_of(found, "indicators", 0)
        assert None not in next(row for row in derived["rows"] if row[0] == seconds(0))


def test_a_late_correction_arrives_with_its_time(dashboard: Dashboard, stored: Market) -> None:
    with watching(dashboard) as found:
        first(found, "status")
        store(stored, [bar(-100, 310.0)])
        _, _, data = rows_of(found, "bars", -100)
        assert [seconds(-100), 310.0, 311.0, 309.0, 310.0, 900.0] in data["rows"]


def test_a_candle_that_is_rolled_up_follows_its_bars(dashboard: Dashboard, stored: Market) -> None:
    with watching(dashboard, interval="5min") as found:
        first(found, "status")
        store(stored, [bar(6, 320.0)])
        _, _, data = rows_of(found, "candles", 5)
        assert data["interval"] == "5min"
        *_, newest = data["rows"]
        assert newest[:6] == [seconds(5), 320.0, 321.0, 319.0, 320.0, 1006.0]
        # Its bands are those of a chart that is loaded now.
        chart = dashboard.get("/api/chart", symbol="AAPL", interval="5min").json()
        derived = CANDLE_COLUMNS[6:]
        assert newest[6:] == [chart[name][-1] for name in derived]


def test_what_was_missed_comes_by_last_event_id(dashboard: Dashboard, stored: Market) -> None:
    with watching(dashboard) as found:
        first(found, "status")
        store(stored, [bar(10, 330.0)])
        _, identity, _ = rows_of(found, "bars", 10)
    store(stored, [bar(11, 331.0), bar(12, 332.0)])

    with watching(dashboard, last_id=identity) as found:
        _, _, data = first(found, "bars")
        # Once all of it was sent, and not before, the stream goes on from here.
        assert int(first(found, "heartbeat")[1]) >= int(identity)
    times = [row[0] for row in data["rows"]]
    assert {seconds(11), seconds(12)} <= {*times}
    assert times == sorted(times)


def test_a_batch_that_takes_long_to_commit_arrives(dashboard: Dashboard, stored: Market) -> None:
    with (
        watching(dashboard) as found,
        closing(postgres.connect(stored.address("stream_writer"), "test")) as slow,
    ):
        first(found, "status")
        slow.prepare_staging()
        with slow.transaction():
            slow.stage_bars([bar(-200, 360.0).encode()])
            slow.merge(1)
            written = time.monotonic()
            # Others come and go meanwhile, which was what hid it.
            for number in itertools.count(1):
                store(stored, [bar(-210, 361.0 + number, number)], with_indicators=False)
                rows_of(found, "bars", -210)
                if time.monotonic() > written + 7:
                    break
            slow.notify(frozenset({"AAPL"}))
        _, _, data = rows_of(found, "bars", -200)
        assert [seconds(-200), 360.0, 361.0, 359.0, 360.0, 800.0] in data["rows"]


def test_nothing_of_other_series_arrives(dashboard: Dashboard, stored: Market) -> None:
    with watching(dashboard, symbol="TSLA") as found:
        first(found, "status")
        store(stored, [bar(20, 340.0)])
        seen = [next(found)[0] for _ in range(2)]
        assert seen == ["status", "status"]


def test_there_is_a_bound_and_a_wrong_id_is_no_harm(dashboard: Dashboard) -> None:
    with watching(dashboard, last_id="nonsense") as found:
        assert first(found, "status")[2]["viewers"] == 1
    assert dashboard.get("/api/stream", symbol="AAPL", interval="3min").status_code == 422
