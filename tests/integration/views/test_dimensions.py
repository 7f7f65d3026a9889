"""bi.symbols and bi.dates, by which reports filter."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime

from tests.fixtures.market import Market
from tests.integration.views.holiday_week import WEDNESDAY
from tests.integration.views.view_market import Walk, bars_of, frame, store


def test_symbols_dates_and_intervals_serve_as_dimensions(market: Market) -> None:
    bars = [
        *bars_of("AAA", WEDNESDAY, range(114, 116)),
        *bars_of("AAA", WEDNESDAY, range(114, 115), interval="60min"),
        Walk(random.Random(1), "TSCO.LON", "5min").bar(  # noqa: S311 - test data
            datetime(2025, 11, 26, 9, tzinfo=UTC), WEDNESDAY
        ),
    ]
    store(market, frame(bars))

    assert market.rows("select * from bi.symbols order by symbol", (), "powerbi_reader") == [
        ("AAA", "XNYS", "America/New_York", 2, "USD", "USD", 1, None),
        ("TSCO.LON", "XLON", "Europe/London", 1, "GBP", "GBX", 100, None),
    ]
    market.run("insert into market.quote_units values ('TSCO.LON', 'EUR')")
    units = "select currency, quote_unit, units_per_currency from bi.symbols where symbol ~ 'LON'"
    assert market.rows(units) == [("EUR", "EUR", 1)]
    query = """
    select year, quarter, month, month_name, day_of_month, iso_week, iso_weekday, weekday_name,
        month_start, is_session, is_early_close, opens_at_utc::text, closes_at_utc::text,
        opens_at_exchange::text, closes_at_exchange::text
    from bi.dates where session_date in ('2025-11-27', '2025-11-28') order by session_date
    """
    month = date(2025, 11, 1)
    assert market.rows(query, (), "powerbi_reader") == [
        (
            *(2025, 4, 11, "November", 27, 48, 4, "Thursday", month, False, False),
            *(None, None, None, None),
        ),
        (
            *(2025, 4, 11, "November", 28, 48, 5, "Friday", month, True, True),
            *("2025-11-28 14:30:00", "2025-11-28 18:00:00"),
            *("2025-11-28 09:30:00", "2025-11-28 13:00:00"),
        ),
    ]
    ends = "select min(session_date), max(session_date), count(*) from bi.dates"
    [(first, last, count)] = market.rows(ends)
    assert first == date(2000, 1, 1)
    assert last.year == datetime.now(UTC).year + 1
    assert count == (last - first).days + 1
