"""The latest price of a symbol, where bars and quotes are stored."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.common.market.quote import Quote
from services.stream.quotes.merge import QUOTES
from services.stream.sink import postgres
from tests.fixtures.market import Market
from tests.integration.stream.events.quotes import NOON, records
from tests.integration.views.holiday_week import WEDNESDAY
from tests.integration.views.view_market import bars_of, frame, store

LATEST = """
select symbol, interval, session_date::text, price, previous_close, session_open, session_volume,
    quote_time is not null, source
from bi.latest_quote order by symbol
"""


def test_the_latest_price_is_the_bars_or_the_quotes_whichever_is_newer(market: Market) -> None:
    bars = bars_of("AAA", WEDNESDAY, range(114, 120))
    store(market, frame(bars))
    last = bars[-1]
    until = last[2] + timedelta(minutes=5)

    def quoted(symbol: str, at: datetime, **changes: str) -> Quote:
        clock = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        same = replace(NOON, symbol=symbol, exchange_tz="UTC", exchange_time=clock)
        return replace(same, observed_at=f"{clock[:10]}T{clock[11:]}.000Z", **changes)  # type: ignore[arg-type]

    def merge(*quotes: Quote) -> None:
        with (
            closing(postgres.connect(market.address("stream_writer"), "test")) as session,
            session.transaction(),
        ):
            assert QUOTES.take(session, records(*quotes)).refused == []

    opens = datetime(2025, 11, 26, 14, 30, tzinfo=UTC)
    merge(
        quoted("AAA", until - timedelta(seconds=1)),
        quoted("ONLY", opens + timedelta(hours=1)),
        quoted("EARLY", opens - timedelta(hours=1), extended_hours_price="280.0"),
        quoted("LATE", opens + timedelta(hours=9), extended_hours_price="281.0"),
    )
    day, number = "2025-11-26", Decimal("18345000")
    own = [
        ("EARLY", None, day, Decimal("280.0"), Decimal("270.1"), None, None, True, "alphavantage"),
        (
            *("LATE", None, day, Decimal("281.0"), Decimal("269.0"), Decimal("268.0"), number),
            *(True, "alphavantage"),
        ),
        (
            *("ONLY", None, day, Decimal("270.1"), Decimal("269.0"), Decimal("268.0"), number),
            *(True, "alphavantage"),
        ),
    ]
    found = market.rows(LATEST, (), "powerbi_reader")
    assert found[0][:4] == ("AAA", "5min", day, last[7])
    assert found[0][7:] == (False, "simulator")
    assert found[1:] == own

    merge(quoted("AAA", until + timedelta(seconds=1)))
    found = market.rows(LATEST, (), "powerbi_reader")
    newer = ("AAA", "5min", day, Decimal("270.1"), Decimal("269.0"), Decimal("268.0"), number)
    assert found == [(*newer, True, "alphavantage"), *own]
    listed = market.rows("select symbol, intervals, exchange from bi.symbols order by 1")
    assert listed == [
        *(("AAA", 1, "XNYS"), ("EARLY", 0, "XNYS"), ("LATE", 0, "XNYS"), ("ONLY", 0, "XNYS"))
    ]
