"""A bar's clock time and zone → the instant at which it starts, and its trade date. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.common.market.exchanges import Exchange
from services.common.market.trade_date import in_zone, trade_date
from services.stream.decoding.arrow_fields import FallbackError

# Java's and Python's zone data need not agree on every past and future.
_SURE_YEARS = range(1971, 2038)


def bar_start(
    interval: str, local_text: str, zone: str, exchange: Exchange | None
) -> tuple[datetime, date]:
    """Return when a bar starts, and its trade date. Raises FallbackError where a clock does not
    mean one instant."""
    if interval == "1d" and exchange is not None:
        zone = exchange.zone  # a date is the exchange's own, whatever clock the answer names
    try:
        local = datetime.fromisoformat(local_text).replace(tzinfo=ZoneInfo(zone))
    except (ValueError, ZoneInfoNotFoundError):
        raise FallbackError from None
    start = local.astimezone(UTC)
    exists = start.astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None)
    if (
        local.year not in _SURE_YEARS
        or not exists
        or local.utcoffset() != local.replace(fold=1).utcoffset()
    ):
        raise FallbackError
    there = local if exchange is None else in_zone(start, exchange)
    return start, local.date() if interval == "1d" else trade_date(exchange, there)
