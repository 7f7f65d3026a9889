"""Old events go, and what went is not told again."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

from services.alerts.connection import Connection
from services.alerts.event_retention import EventRetention
from services.common.shared_settings import PostgresAddress
from tests.fixtures.market import Market

RULE = """
insert into alerts.rules (name, definition, from_time) values ('a', '{}', '2020-01-01 00:00Z')
"""
EVENTS = """
insert into alerts.events (
    event_id, rule_id, symbol, interval, bar_time, session_date, state, figures, is_late,
    added_at, changed_at
)
select
    gen_random_uuid(), (select rule_id from alerts.rules), symbol, '1d', bar_time,
    bar_time::date, state, '{}', false, changed_at, changed_at
from (
    values
    ('AAPL', timestamptz '2024-03-01 05:00Z', 'fired', timestamptz '2024-03-02 00:00Z'),
    ('AAPL', '2024-03-04 05:00Z', 'fired', '2024-03-05 00:00Z'),
    ('AAPL', '2024-03-05 05:00Z', 'held_back', '2024-03-06 00:00Z'),
    ('AAPL', '2024-03-06 05:00Z', 'retracted', now() - interval '1 day'),
    ('MSFT', '2024-03-07 05:00Z', 'fired', '2024-03-08 00:00Z'),
    ('MSFT', '2026-11-20 05:00Z', 'fired', '2024-03-08 00:00Z'),
    ('TSLA', '2024-03-07 05:00Z', 'retracted', '2024-03-08 00:00Z')
) as given (symbol, bar_time, state, changed_at)
"""
SENT = """
insert into alerts.deliveries (message_id, receiver, event_id, number, body, state)
select 'm', 'desk', event_id, 1, '', 'pending' from alerts.events where symbol = 'TSLA'
"""
LEFT = "select symbol, to_char(bar_time, 'YYYY-MM-DD') from alerts.events order by 1, 2"


def test_old_events_go_but_the_last_alert(market: Market) -> None:
    market.run(
        "insert into market.source_clocks values ('simulator', '2026-11-30 00:00Z', now(), 1e-6)"
    )
    for statement in (RULE, EVENTS, SENT):
        market.run(statement)
    given = market.address("alerts_service")
    address = PostgresAddress(given.host, given.port, given.database, given.password)
    with closing(Connection(address, "test")) as connection:
        retention = EventRetention(connection)
        assert retention.forgotten_until() == datetime(1970, 1, 1, tzinfo=UTC)
        retention.forget(400)
        assert market.rows(LEFT) == [
            ("AAPL", "2024-03-04"),  # its last one
            ("AAPL", "2024-03-06"),  # which has just changed
            ("MSFT", "2024-03-07"),  # what came since counts from where it stands
            ("MSFT", "2026-11-20"),
            ("TSLA", "2024-03-07"),  # which is still being told
        ]
        until = retention.forgotten_until()
        assert f"{until.astimezone(UTC):%Y-%m-%d}" == "2025-10-26"
        # It never goes back.
        retention.forget(900)
        assert retention.forgotten_until() == until
