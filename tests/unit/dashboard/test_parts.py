"""Settings, catalogue, formats, and the calls of today."""

from __future__ import annotations

import asyncio
import gzip
import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import simplejson
from pyarrow import parquet

from services.common.secret import Secret
from services.common.settings import Environment, SettingError
from services.common.shared_settings import PostgresAddress
from services.dashboard.data_api import formats
from services.dashboard.data_api.dataset import Dataset, Kind
from services.dashboard.data_api.reference_tables import REJECTED
from services.dashboard.live import feed
from services.dashboard.page_api.call_quota import parse
from services.dashboard.page_api.series_index import SeriesIndex, by_symbol
from services.dashboard.settings import CHART_LIBRARY, Settings, read_settings

AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


@pytest.fixture
def needed(tmp_path: Path) -> dict[str, str]:
    (tmp_path / CHART_LIBRARY).touch()
    return {"DASHBOARD_LIBRARY_DIR": str(tmp_path), "DASHBOARD_SERVICE_PASSWORD": "secret"}


def test_the_defaults(needed: dict[str, str], tmp_path: Path) -> None:
    assert read_settings(Environment(needed)) == Settings(
        host="127.0.0.1",
        port=8050,
        host_names=("localhost", "127.0.0.1"),
        trusted_proxies=(),
        password=Secret(""),
        requests_a_minute=1200,
        viewers=500,
        library_dir=tmp_path,
        producer_metrics_url="",
        stream_metrics_url="",
        prometheus_url="",
        postgres=PostgresAddress("127.0.0.1", 5432, "market", Secret("secret")),
        log_level="INFO",
        log_style="text",
    )


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DASHBOARD_LIBRARY_DIR", "/nowhere", "holds no lightweight-charts"),
        ("DASHBOARD_PORT", "x", "DASHBOARD_PORT is 'x'"),
        ("DASHBOARD_SERVICE_PASSWORD", "", "DASHBOARD_SERVICE_PASSWORD is not set"),
        ("DASHBOARD_PRODUCER_METRICS_URL", "host:1", "must look like http://HOST:PORT/metrics"),
        ("DASHBOARD_PROMETHEUS_URL", "host:9090", "must look like http://HOST:PORT"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, told: str, needed: dict[str, str]) -> None:
    with pytest.raises(SettingError, match=re.escape(told)):
        read_settings(Environment({**needed, name: value}))


ROWS = [
    ("AAPL", "5min", AT, "alphavantage"),
    ("AAPL", "1d", AT, "alphavantage"),
    ("TSLA", "30min", AT, "simulator"),
    ("INFY.BSE", "30min", AT, "alphavantage"),
    ("VOD.LON", "5min", AT, "alphavantage"),
]


def test_what_is_stored_offers_what_rolls_up_from_it() -> None:
    found = by_symbol(ROWS)
    assert found["AAPL"].offered == ("5min", "15min", "30min", "60min", "60min-from-open", "1d")
    assert found["TSLA"].offered == ("30min", "60min", "60min-from-open", "1d")
    # One opens at 9:15, which a bar of half an hour reaches over, the other at a full hour.
    assert found["INFY.BSE"].offered == ("30min", "60min", "1d")
    assert found["VOD.LON"].offered == ("5min", "15min", "30min", "60min", "1d")
    assert (found["AAPL"].simulated, found["TSLA"].simulated) == (False, True)
    assert found["AAPL"].smaller_than("60min") == ("5min",)
    assert found["AAPL"].smaller_than("60min-from-open") == ("5min",)


async def _asked(steps: list[tuple[float, str | None]]) -> int:
    asked, clock = 0, 0.0

    async def rows(_: str) -> list[tuple[Any, ...]]:
        nonlocal asked
        asked += 1
        return [*ROWS]

    series_index = SeriesIndex(rows, lambda: clock)
    for second, symbol in steps:
        clock = second
        await series_index.stored(symbol)
    return asked


def test_the_catalogue_is_asked_for_now_and_then() -> None:
    assert asyncio.run(_asked([(0, None), (4, "AAPL"), (4.9, None)])) == 1
    assert asyncio.run(_asked([(0, None), (5, None)])) == 2
    assert asyncio.run(_asked([(0, None), (0.5, "NEW"), (1.5, "NEW")])) == 2


async def _quoted(seconds: list[float]) -> list[tuple[str, ...]]:
    clock, answers = 0.0, iter([[("QQQ",)], [("QQQ",), ("SPY",)]])

    async def rows(_: str) -> list[tuple[Any, ...]]:
        return next(answers)

    series_index = SeriesIndex(rows, lambda: clock)
    found = []
    for second in seconds:
        clock = second
        found.append(await series_index.quoted())
    return found


def test_symbols_with_a_quote_alone_are_asked_for_twice_a_minute() -> None:
    once = ("QQQ",)
    assert asyncio.run(_quoted([0, 29, 30])) == [once, once, ("QQQ", "SPY")]


TABLE = Dataset(
    "t",
    "",
    "bi.t",
    (
        ("symbol", Kind.TEXT),
        ("close", Kind.EXACT),
        ("volume", Kind.WHOLE),
        ("at", Kind.INSTANT),
        ("utc", Kind.UTC),
        ("local", Kind.LOCAL),
        ("day", Kind.DAY),
        ("ok", Kind.FLAG),
        ("real", Kind.REAL),
    ),
    ("symbol",),
)
NAIVE = AT.replace(tzinfo=None)
ROW = (
    "A,B",
    Decimal("123456789012.000001"),
    Decimal(7),
    AT,
    NAIVE,
    NAIVE,
    date(2026, 11, 20),
    True,
)


def page(
    dataset: Dataset,
    rows: list[tuple[Any, ...]],
    form: str,
    cursor: str | None,
    decimals: str = "float",
) -> bytes:
    """Return a page that was made of a row at a time."""
    encoder = formats.Encoder(dataset, form, decimals)
    for row in rows:
        encoder.add([row])
    encoder.add([])
    body = encoder.finish(cursor, None if rows else "none")
    text = b"".join(body.pieces(unpack=True))
    assert len(text) == body.length
    packed = b"".join(body.pieces(unpack=False))
    assert (gzip.decompress(packed) if body.packed else packed) == text
    return text


def test_json() -> None:
    whole = page(TABLE, [(*ROW, float("nan"))] * 2, "json", "next")
    one = page(TABLE, [(*ROW, float("nan"))], "json", "next")
    assert len(simplejson.loads(whole)["data"]) == 2
    assert page(TABLE, [], "json", None) == b'{"data":[],"next_cursor":null,"note":"none"}'
    assert one == (
        b'{"data":[{"symbol":"A,B","close":123456789012.000001,"volume":7,'
        b'"at":"2026-11-20T14:30:00.000000Z","utc":"2026-11-20T14:30:00.000000Z",'
        b'"local":"2026-11-20T14:30:00.000000","day":"2026-11-20","ok":true,"real":null}],'
        b'"next_cursor":"next","note":null}'
    )
    exact = page(TABLE, [(*ROW, 1.5)], "json", None, "decimal")
    assert b'"close":"123456789012.000001","volume":7,' in exact


def test_csv() -> None:
    assert page(TABLE, [(*ROW, None)], "csv", None).decode().splitlines() == [
        '"symbol","close","volume","at","utc","local","day","ok","real"',
        '"A,B",123456789012.000001,7,"2026-11-20T14:30:00.000000Z","2026-11-20T14:30:00.000000Z",'
        '"2026-11-20T14:30:00.000000",2026-11-20,true,',
    ]


def test_parquet_also_without_rows() -> None:
    [row] = parquet.read_table(io.BytesIO(page(TABLE, [(*ROW, 1.5)], "parquet", None))).to_pylist()
    assert row["close"] == float(ROW[1])
    assert isinstance(row["close"], float)
    content = page(TABLE, [(*ROW, 1.5)], "parquet", None, "decimal")
    [row] = parquet.read_table(io.BytesIO(content)).to_pylist()
    assert (row["close"], row["volume"], row["at"], row["real"]) == (ROW[1], 7, AT, 1.5)
    empty = parquet.read_table(io.BytesIO(page(REJECTED, [], "parquet", None)))
    assert (empty.num_rows, empty.column_names) == (0, [name for name, _ in REJECTED.columns])


def test_the_calls_of_today() -> None:
    text = "tapeline_producer_calls_today 6.0\ntapeline_producer_calls_a_day {}\n"
    assert parse(text.format("25.0")) == {"calls_today": 6, "calls_left": 19}
    assert parse(text.format("0.0")) == {"calls_today": 6, "calls_left": None}
    assert parse("other 1\n") is None


def test_a_long_round_is_followed_by_a_rest_and_a_short_one_by_hardly_any() -> None:
    assert [feed.rest_seconds(each) for each in (0.002, 0.1, 2.0)] == [
        0.006,
        pytest.approx(0.3),
        0.5,
    ]
