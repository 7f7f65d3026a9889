"""Kafka records → decoded bars with a reason beside each that must be rejected.

Pure DataFrame → DataFrame: one row in, one row out, nothing dropped. `reason` is null for a
good bar; otherwise it is the first rule that the record breaks, in the order of `rules`.
"""

from __future__ import annotations

from functools import cache

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the field's usual name

from services.common.market import bar
from services.stream.decoding import canonical
from services.stream.decoding.event_json import read_event
from services.stream.decoding.rules import PRICES, matches, reason
from services.stream.decoding.spark_trade_date import exchange_zone, trade_date

# No price of its form is longer, and the digits of a record of 900 kB would be read for minutes.
_PRICE_CHARS = 40
_TIME_FORMS = {"intraday": f"{canonical.DATE} {canonical.CLOCK}", "1d": canonical.DATE}


def decode(records: DataFrame) -> DataFrame:
    """Return the records of a Kafka source, each with its bar's columns and `reason`.

    In: key and value (binary), partition, offset, timestamp. Out: `_decoded_columns`; times
    are UTC, prices, session_date and observed_text strings as sent, `reason` a code or null.
    """
    read = read_event(records)
    placed = read.select("*", exchange_zone().alias("exchange_zone"))
    timed = placed.select("*", *_time_columns(), *_price_columns()).select("*", _bar_time())
    return timed.select(*_decoded_columns())


# Expressions do not depend on the data: they are built once, not for each micro-batch, since
# each of their several hundred nodes costs a round trip to the JVM. What is used more than once
# has a column of its own, or Spark would compute it again for each use.
@cache
def _time_columns() -> tuple[Column, ...]:
    # An unknown zone would make the conversion fail the whole batch; it is rejected below.
    plain, zone = F.col("canonical"), F.col("event.exchange_tz")
    known = F.coalesce(
        # A date is the exchange's own, whatever clock the answer names.
        F.when(F.col("event.interval") == "1d", F.col("exchange_zone")),
        F.when(plain | zone.isin(*bar.EXCHANGE_ZONES), zone),
        F.lit("UTC"),
    )
    has_form = plain | matches("event.observed_at", canonical.INSTANT)
    return (
        known.alias("zone"),
        F.when(
            plain | _time_has_its_form(), F.col("event.exchange_time").try_cast("timestamp")
        ).alias("local_time"),
        F.when(has_form, F.col("event.observed_at").try_cast("timestamp")).alias("observed_at"),
    )


@cache
def _bar_time() -> Column:
    # A zone that is a literal is looked up once, not for each record.
    local, zone, usual = F.col("local_time"), F.col("zone"), bar.EXCHANGE_ZONES[0]
    at_usual = F.when(zone == usual, F.to_utc_timestamp(local, F.lit(usual)))
    return at_usual.otherwise(F.to_utc_timestamp(local, zone)).alias("bar_time")


@cache
def _price_columns() -> tuple[Column, ...]:
    texts = {name: F.col(f"event.ohlcv.{name}") for name in PRICES}
    return tuple(
        F.when(F.length(text) <= _PRICE_CHARS, text)
        .try_cast("decimal(22,10)")
        .alias(f"price_{name}")
        for name, text in texts.items()
    )


@cache
def _decoded_columns() -> tuple[Column, ...]:
    fields = ("source", "freshness")
    numbers = ("open", "high", "low", "close", "volume")
    return (
        F.col("partition"),
        F.col("offset"),
        F.col("timestamp").alias("kafka_timestamp"),
        F.col("key"),
        F.col("value"),
        reason().alias("reason"),
        F.col("event.symbol").alias("symbol"),
        F.col("bar_time"),
        F.col("event.interval").alias("interval"),
        *(F.col(f"event.ohlcv.{name}").alias(name) for name in numbers),
        trade_date().alias("session_date"),
        *(F.col(f"event.{name}").alias(name) for name in fields),
        _basis().alias("basis"),
        F.col("event.is_final").alias("is_final"),
        F.col("observed_at"),
        F.col("event.observed_at").alias("observed_text"),
    )


def _basis() -> Column:
    is_of_splits = F.col("event.adjusted_for") == bar.SPLITS
    kind = F.when(is_of_splits, F.lit("split ")).otherwise(F.lit("adjusted "))
    as_of = F.concat(kind, F.col("event.adjusted_as_of"))
    return F.when(~F.col("event.adjusted"), F.lit(bar.RAW)).otherwise(
        F.coalesce(as_of, F.lit(bar.UNKNOWN_BASIS))
    )


def _time_has_its_form() -> Column:
    daily = F.col("event.interval") == "1d"
    return F.when(daily, matches("event.exchange_time", _TIME_FORMS["1d"])).otherwise(
        matches("event.exchange_time", _TIME_FORMS["intraday"])
    )
