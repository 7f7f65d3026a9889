"""Bars of some symbols and their splits, merged as the sink does, and what is derived of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from services.common.market.corporate_action import CorporateAction
from services.stream.actions.merge import ACTIONS
from services.stream.broker import KafkaRecord
from services.stream.decoding.copy_text import LINE_COLUMNS
from services.stream.event_topics.apply import merge_again
from services.stream.indicators.tables import Derived, derive_group, pending
from services.stream.sink import postgres

START = datetime(2025, 12, 31, 20, 0, tzinfo=UTC)
SESSION_MINUTES = 97
AAPL, TSLA = ("AAPL", "1min"), ("TSLA", "1min")
BASES = {"AAPL": "raw", "TSLA": "unknown", "MSFT": "split 2026-01-01"}
"""Of MSFT the splits of the first two sessions are in its prices, those of the others are not."""
Split = tuple[str, int, tuple[int, int] | None]


def time_of(minute: int) -> datetime:
    """Return the start of a bar."""
    return START + timedelta(minutes=minute)


def line(symbol: str, minute: int, price: int, second: int) -> str:
    """Return a bar as a line for COPY, seen so late."""
    values = {
        "symbol": symbol,
        "bar_time": f"{time_of(minute):%Y-%m-%d %H:%M:%S}",
        "interval": "1min",
        "open": f"{price / 100}",
        "high": f"{price / 100 + 1:.2f}",
        "low": f"{price / 100 - 1:.2f}",
        "close": f"{price / 100}",
        # Of some bars nobody knows the volume.
        "volume": r"\N" if price % 19 == 0 else f"{price * 37 % 5_000}.25",
        "session_date": f"{START + timedelta(days=minute // SESSION_MINUTES):%Y-%m-%d}",
        "source": "simulator",
        "freshness": "simulated",
        "basis": BASES[symbol],
        "is_final": "true",
        "observed_at": f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}",
        "kafka_partition": "0",
        "kafka_offset": str(second),
    }
    return "\t".join(values[name] for name in LINE_COLUMNS) + "\n"


def merge(session: postgres.Session, lines: Iterable[str]) -> None:
    """Merge bars as the sink does."""
    session.prepare_staging()
    staged = sorted(lines)
    with session.transaction():
        session.stage_bars([one.encode() for one in staged])
        session.merge(len(staged))


def merge_split(session: postgres.Session, split: Split, second: int) -> None:
    """Merge a split as the consumer of corporate actions does."""
    symbol, number, ratio = split
    numerator, denominator = map(str, ratio or ("", ""))
    action = CorporateAction(
        symbol=symbol,
        kind="split",
        ex_date=f"{START + timedelta(days=number):%Y-%m-%d}",
        number=0,
        numerator=numerator,
        denominator=denominator,
        amount="",
        vendor_value=numerator,
        declaration_date="",
        record_date="",
        payment_date="",
        is_withdrawn=ratio is None,
        source="simulator",
        observed_at=f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S.000Z}",
    )
    record = KafkaRecord(0, second, START, action.key(), action.to_json())
    with session.transaction():
        assert merge_again(session, ACTIONS, [record]).bad == 0


def derive_all(session: postgres.Session, most_bars: int = 1_000) -> list[Derived]:
    """Derive what is due until nothing is."""
    done = []
    while due := pending(session, 100):
        done.append(derive_group(session, due, most_bars))
    return done
