"""Kafka records → decoded bars with a reason beside each that must be rejected.

Pure DataFrame → DataFrame: one row in, one row out, nothing dropped. `reason` is null for a
good bar; otherwise it is the first rule that the record breaks, in the order of `_reason`.
The same rules stand in `services/common/bar.schema.json`, and a contract test compares them.
"""

from __future__ import annotations

from functools import cache

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the field's usual name
from pyspark.sql.types import (
    BooleanType,
    IntegerType,
    StringType,
    StructField,
    StructType,
)

from services.common import bar

_OHLCV = StructType(
    [StructField(name, StringType()) for name in ("open", "high", "low", "close", "volume")]
)
_EVENT = StructType(
    [
        StructField("schema_version", IntegerType()),
        StructField("symbol", StringType()),
        StructField("interval", StringType()),
        StructField("exchange_time", StringType()),
        StructField("exchange_tz", StringType()),
        StructField("ohlcv", _OHLCV),
        StructField("source", StringType()),
        StructField("freshness", StringType()),
        StructField("adjusted", BooleanType()),
        StructField("is_final", BooleanType()),
        StructField("observed_at", StringType()),
    ]
)
_WRAPPED = StructType([StructField("bar", _EVENT), StructField("_malformed", StringType())])
_JSON_OPTIONS = {
    "mode": "PERMISSIVE",
    "columnNameOfCorruptRecord": "_malformed",
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",
}
_TEXTS = tuple(field.name for field in (*_EVENT, *_OHLCV) if isinstance(field.dataType, StringType))
_REQUIRED = tuple(
    name for name in _EVENT.fieldNames() if name not in ("ohlcv", "schema_version")
) + tuple(f"ohlcv.{name}" for name in _OHLCV.fieldNames())

_TIME_FORMS = {
    "intraday": r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}",
    "1d": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
}
_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z"


def decode(records: DataFrame) -> DataFrame:
    """Return the records of a Kafka source, each with its bar's columns and `reason`.

    In: key and value (binary), partition, offset, timestamp. Out: `_decoded_columns`; times
    are UTC, prices decimal strings as sent, `reason` a code or null.
    """
    parsed = records.select(*_parsed_columns()).withColumn("event", F.col("wrapped.bar"))
    return parsed.select("*", *_time_columns()).select(*_decoded_columns())


# Expressions do not depend on the data: they are built once, not for each micro-batch, since
# each of their several hundred nodes costs a round trip to the JVM.
@cache
def _parsed_columns() -> tuple[Column, ...]:
    text = F.col("value").cast("string")
    # Spark stops reading at the end of the first value; inside an object it must read it all.
    event = F.from_json(_wrap(text), _WRAPPED, _JSON_OPTIONS)
    origin = ("key", "value", "partition", "offset", "timestamp")
    return (*(F.col(name) for name in origin), text.alias("text"), event.alias("wrapped"))


@cache
def _time_columns() -> tuple[Column, ...]:
    # An unknown zone would make the conversion fail the whole batch; it is rejected below.
    known = F.when(F.col("event.exchange_tz").isin(*bar.EXCHANGE_ZONES), F.col("event.exchange_tz"))
    zone = F.coalesce(known, F.lit("UTC"))
    local = F.when(_time_has_its_form(), F.col("event.exchange_time").try_cast("timestamp"))
    observed = F.when(
        _matches("event.observed_at", _INSTANT),
        F.col("event.observed_at").try_cast("timestamp"),
    )
    return (
        zone.alias("zone"),
        local.alias("local_time"),
        F.to_utc_timestamp(local, zone).alias("bar_time"),
        observed.alias("observed_at"),
    )


@cache
def _decoded_columns() -> tuple[Column, ...]:
    fields = ("source", "freshness", "adjusted", "is_final")
    numbers = ("open", "high", "low", "close", "volume")
    return (
        F.col("partition"),
        F.col("offset"),
        F.col("timestamp").alias("kafka_timestamp"),
        F.col("key"),
        F.col("value"),
        _reason().alias("reason"),
        F.col("event.symbol").alias("symbol"),
        F.col("bar_time"),
        F.col("event.interval").alias("interval"),
        *(F.col(f"event.ohlcv.{name}").alias(name) for name in numbers),
        F.to_date("local_time").alias("session_date"),
        *(F.col(f"event.{name}").alias(name) for name in fields),
        F.col("observed_at"),
    )


def _reason() -> Column:
    event = F.col("event")
    rules: list[tuple[str, Column]] = [
        ("null_value", F.col("value").isNull()),
        ("missing_key", F.col("key").isNull() | (F.length("key") == 0)),
        ("invalid_utf8", ~F.is_valid_utf8("text")),
        ("malformed_json", _is_no_object()),
        ("wrong_type", F.col("wrapped._malformed").isNotNull()),
        ("missing_field", event["schema_version"].isNull()),
        ("unknown_schema_version", event["schema_version"] != bar.SCHEMA_VERSION),
        ("missing_field", _any_of(*(F.col(f"event.{name}").isNull() for name in _REQUIRED))),
        ("wrong_type", _has_bare_value()),
        ("bad_symbol", ~_matches("event.symbol", bar.SYMBOL_PATTERN)),
        ("key_mismatch", F.col("key").cast("string") != event["symbol"]),
        ("bad_interval", ~event["interval"].isin(*bar.INTERVALS)),
        ("bad_source", ~event["source"].isin(*bar.SOURCES)),
        ("bad_freshness", ~event["freshness"].isin(*bar.FRESHNESS)),
        ("bad_timezone", ~event["exchange_tz"].isin(*bar.EXCHANGE_ZONES)),
        ("bad_exchange_time", F.col("local_time").isNull()),
        ("nonexistent_time", _wall_clock("bar_time") != F.col("local_time")),
        ("ambiguous_time", _is_ambiguous()),
        ("bad_observed_at", F.col("observed_at").isNull()),
        ("time_out_of_range", _is_out_of_range()),
        *_value_rules(),
    ]
    return F.coalesce(*(F.when(broken, F.lit(code)) for code, broken in rules))


def _value_rules() -> list[tuple[str, Column]]:
    names = ("open", "high", "low", "close")
    text = {name: F.col(f"event.ohlcv.{name}") for name in names}
    price = {name: text[name].try_cast("decimal(18,6)") for name in names}
    malformed = (~_matches(f"event.ohlcv.{name}", bar.PRICE_PATTERN) for name in names)
    volume = F.col("event.ohlcv.volume")
    return [
        ("bad_price", _any_of(*malformed)),
        ("nonpositive_price", _any_of(*(price[name] <= 0 for name in names))),
        (
            "bad_volume",
            ~_matches("event.ohlcv.volume", bar.VOLUME_PATTERN)
            | volume.try_cast("bigint").isNull(),
        ),
        (
            "inconsistent_ohlc",
            (price["high"] < F.greatest(price["open"], price["close"], price["low"]))
            | (price["low"] > F.least(price["open"], price["close"])),
        ),
    ]


def _wrap(text: Column) -> Column:
    return F.concat(F.lit('{"bar":'), text, F.lit("}"))


def _is_no_object() -> Column:
    # A broken text leaves every field null; one wrong field leaves the others in place. Spark
    # reads an array of one object as that object.
    broken = F.col("wrapped._malformed").isNotNull() & _all_of(
        *(F.col(f"event.{name}").isNull() for name in _REQUIRED),
        F.col("event.schema_version").isNull(),
    )
    text = F.btrim("text", F.lit(" \t\r\n"))
    braces = text.startswith("{") & text.endswith("}")
    return F.col("event").isNull() | broken | ~braces | _leaves_its_wrapping()


def _leaves_its_wrapping() -> Column:
    # `{...},"x":{...}` is no JSON, but fits into the wrapping. It needs a third brace, which
    # few records have, so that few pay for another look.
    text = F.col("text")
    braces = F.length(text) - F.length(F.replace(text, F.lit("{"), F.lit("")))
    return F.when(braces > 2, F.size(F.json_object_keys(_wrap(text))) != 1).otherwise(F.lit(False))


def _has_bare_value() -> Column:
    # Spark gives a number as text by way of a double, so that its digits may not be the sent
    # ones. A quote within a JSON string has a backslash before it and cannot match.
    return F.col("text").rlike(rf'"(?:{"|".join(_TEXTS)})"[ \t\r\n]*:[ \t\r\n]*[^" \t\r\n]')


def _time_has_its_form() -> Column:
    daily = F.col("event.interval") == "1d"
    return F.when(daily, _matches("event.exchange_time", _TIME_FORMS["1d"])).otherwise(
        _matches("event.exchange_time", _TIME_FORMS["intraday"])
    )


def _wall_clock(utc: str) -> Column:
    return F.from_utc_timestamp(utc, F.col("zone"))


def _is_ambiguous() -> Column:
    # Of the two instants that an hour shown twice can mean, Spark takes the earlier one.
    later = F.from_utc_timestamp(F.col("bar_time") + F.expr("interval 1 hour"), F.col("zone"))
    return later == F.col("local_time")


def _is_out_of_range() -> Column:
    # Judged against the record's own Kafka time, so that a replay judges as the first read did.
    # An observation from the far future would beat every later one for ever.
    limit = F.col("timestamp") + F.expr("interval 1 day")
    return (
        (F.col("bar_time") < F.lit("1970-01-01 00:00:00").cast("timestamp"))
        | (F.col("bar_time") > limit)
        | (F.col("observed_at") > limit)
        | (F.col("observed_at") < F.lit("1970-01-01 00:00:00").cast("timestamp"))
    )


def _matches(column: str, pattern: str) -> Column:
    # \z, unlike $, does not forgive a line feed at the end.
    return F.col(column).rlike(rf"\A(?:{pattern})\z")


def _any_of(first: Column, *others: Column) -> Column:
    for other in others:
        first = first | other
    return first


def _all_of(first: Column, *others: Column) -> Column:
    for other in others:
        first = first & other
    return first
