"""bi.latest_quote: the newest bar of each symbol, and whether its market is open."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.fixtures.market import Market
from tests.integration.views.holiday_week import FRIDAY, WEDNESDAY
from tests.integration.views.view_market import Walk, bars_of, frame, store


def test_the_latest_quote_is_the_newest_bar_of_the_smallest_interval(market: Market) -> None:
    daily = Walk(random.Random(1), "AAA", "1d")  # noqa: S311 - test data
    only_daily = Walk(random.Random(2), "DAY", "1d")  # noqa: S311 - test data
    midnight = datetime(2025, 11, 26, 5, tzinfo=UTC)
    before, own = (
        bars_of("AAA", WEDNESDAY, range(186, 192)),
        bars_of("AAA", FRIDAY, range(114, 120)),
    )
    day = only_daily.bar(midnight, WEDNESDAY)
    # The vendor's own day is the official close, whatever the last bar of the hours says.
    official = daily.bar(midnight, WEDNESDAY)
    official = (*official[:9], True, *official[10:])
    store(market, frame([*before, *own, official, day]))

    query = """
    select symbol, interval, session_date, bar_time_utc, bar_time_exchange, price, previous_close,
        change, round(change_percent::numeric, 6), session_open, session_high, session_low,
        session_volume, bar_volume, is_final, freshness, source, observed_at_utc
    from bi.latest_quote order by symbol
    """
    last, previous = own[-1], official[7]
    percent = round(100 * (last[7] / previous - 1), 6)
    assert market.rows(query, (), "powerbi_reader") == [
        (
            *("AAA", "5min", FRIDAY),
            *(last[2].replace(tzinfo=None), (last[2] - timedelta(hours=5)).replace(tzinfo=None)),
            *(last[7], previous, last[7] - previous, percent),
            *(own[0][4], max(bar[5] for bar in own), min(bar[6] for bar in own)),
            *(Decimal(sum(bar[8] for bar in own)), last[8], last[9], "simulated", "simulator"),
            last[10].replace(tzinfo=None),
        ),
        (
            *("DAY", "1d", WEDNESDAY),
            *(midnight.replace(tzinfo=None), datetime(2025, 11, 26)),  # noqa: DTZ001
            *(day[7], None, None, None, day[4], day[5], day[6], Decimal(day[8]), day[8], day[9]),
            *("simulated", "simulator", day[10].replace(tzinfo=None)),
        ),
    ]

    ages = """
    select symbol, observed_age_seconds, age_seconds, market_state, extract(epoch from now())
    from bi.latest_quote order by symbol
    """
    found = market.rows(ages, (), "powerbi_reader")
    ends = {
        "AAA": last[2] + timedelta(minutes=5),
        "DAY": datetime(2025, 11, 26, 21, tzinfo=UTC),  # the close of that day
    }
    for (symbol, seen, age, state, now), bar in zip(found, (last, day), strict=True):
        assert abs(float(now) - bar[10].timestamp() - seen) < 1e-3
        assert abs(float(now) - ends[symbol].timestamp() - age) < 1e-3
        assert state in ("open", "closed")


def test_the_market_is_open_within_its_hours_and_unknown_elsewhere(market: Market) -> None:
    elsewhere = Walk(random.Random(1), "TSCO.XYZ", "5min")  # noqa: S311 - test data
    at = datetime(2025, 11, 26, 9, tzinfo=UTC)
    store(market, frame([*bars_of("AAA", FRIDAY, range(114, 116)), elsewhere.bar(at, WEDNESDAY)]))
    states = "select symbol, market_state from bi.latest_quote order by symbol"
    today = "(now() at time zone 'America/New_York')::date"

    market.run(
        f"delete from market.exchange_sessions where session_date = {today};"  # noqa: S608
        "insert into market.exchange_sessions values "
        f"('XNYS', {today}, now() - interval '1 hour', now() + interval '1 hour', false)"
    )
    assert market.rows(states) == [("AAA", "open"), ("TSCO.XYZ", None)]
    market.run(
        "update market.exchange_sessions set opens_at = now() + interval '1 minute' "  # noqa: S608
        f"where session_date = {today}"
    )
    assert market.rows(states) == [("AAA", "closed"), ("TSCO.XYZ", None)]
