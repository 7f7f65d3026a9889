"""The rules that a record must keep to be a good bar, each with the code of its rejection.

Pure columns over what `decode` has read so far. The same rules stand in
`services/common/market/bar.schema.json`, and a contract test compares them.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812 - the field's usual name

from services.common.market import bar
from services.stream.decoding.canonical import DATE
from services.stream.decoding.event_json import NULLABLE, REQUIRED, TEXTS, wrap

PRICES = ("open", "high", "low", "close")


def reason() -> Column:
    """Return the code of the first rule that a record breaks, or null for a good bar."""
    # The producer's own form has kept every rule of syntax already.
    return F.coalesce(F.when(~F.col("canonical"), _first(_syntax_rules())), _first(_rules()))


def _first(rules: list[tuple[str, Column]]) -> Column:
    return F.coalesce(*(F.when(broken, F.lit(code)) for code, broken in rules))


def _syntax_rules() -> list[tuple[str, Column]]:
    event = F.col("event")
    return [
        ("null_value", F.col("value").isNull()),
        ("missing_key", _has_no_key()),
        ("invalid_utf8", ~F.is_valid_utf8("text")),
        ("malformed_json", _is_no_object()),
        ("wrong_type", F.col("wrapped._malformed").isNotNull()),
        ("missing_field", event["schema_version"].isNull()),
        ("unknown_schema_version", event["schema_version"] != bar.SCHEMA_VERSION),
        ("missing_field", _any_of(*(F.col(f"event.{name}").isNull() for name in REQUIRED))),
        ("wrong_type", _has_bare_value()),
        ("bad_symbol", ~matches("event.symbol", bar.SYMBOL_PATTERN)),
        ("key_mismatch", _has_other_key()),
        ("bad_interval", ~event["interval"].isin(*bar.INTERVALS)),
        ("bad_source", ~event["source"].isin(*bar.SOURCES)),
        ("bad_freshness", ~event["freshness"].isin(*bar.FRESHNESS)),
        ("bad_timezone", ~event["exchange_tz"].isin(*bar.EXCHANGE_ZONES)),
        ("bad_basis", _is_no_basis()),
    ]


def _rules() -> list[tuple[str, Column]]:
    plain = F.col("canonical")
    price = {name: F.col(f"price_{name}") for name in PRICES}
    malformed = (~matches(f"event.ohlcv.{name}", bar.PRICE_PATTERN) for name in PRICES)
    return [
        ("missing_key", _has_no_key()),
        ("key_mismatch", _has_other_key()),
        ("bad_exchange_time", F.col("local_time").isNull()),
        ("nonexistent_time", _is_night() & (_wall_clock("bar_time") != F.col("local_time"))),
        ("ambiguous_time", _is_night() & _is_ambiguous()),
        ("bad_observed_at", F.col("observed_at").isNull()),
        ("time_out_of_range", _is_out_of_range()),
        ("bad_price", ~plain & _any_of(*malformed)),
        ("nonpositive_price", _any_of(*(price[name] <= 0 for name in PRICES))),
        ("bad_volume", ~plain & ~matches("event.ohlcv.volume", bar.VOLUME_PATTERN)),
        (
            "inconsistent_ohlc",
            (price["high"] < F.greatest(price["open"], price["close"], price["low"]))
            | (price["low"] > F.least(price["open"], price["close"])),
        ),
    ]


def _has_no_key() -> Column:
    return F.col("key").isNull() | (F.length("key") == 0)


def _has_other_key() -> Column:
    return F.col("key").cast("string") != F.col("event.symbol")


def _is_no_basis() -> Column:
    as_of, told = F.col("event.adjusted_as_of"), F.col("event.adjusted_for")
    # PostgreSQL and Python know no year 0.
    no_date = as_of.try_cast("date").isNull() | as_of.startswith("0000")
    malformed = ~matches("event.adjusted_as_of", DATE) | no_date
    unadjusted = ~F.col("event.adjusted")
    return (as_of.isNotNull() & (malformed | unadjusted)) | (
        told.isNotNull() & (~told.isin(*bar.ADJUSTED_FOR) | unadjusted)
    )


def _is_no_object() -> Column:
    # A broken text leaves every field null; one wrong field leaves the others in place. Spark
    # reads an array of one object as that object.
    broken = F.col("wrapped._malformed").isNotNull() & _all_of(
        *(F.col(f"event.{name}").isNull() for name in REQUIRED),
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
    return F.when(braces > 2, F.size(F.json_object_keys(wrap(text))) != 1).otherwise(F.lit(False))


def _has_bare_value() -> Column:
    # Spark gives a number as text by way of a double, so that its digits may not be the sent
    # ones. A quote within a JSON string has a backslash before it and cannot match.
    space = r"[ \t\r\n]*"
    names = "|".join(name for name in TEXTS if name not in NULLABLE)
    bare = rf'"(?:{names})"{space}:{space}|"(?:{"|".join(NULLABLE)})"{space}:{space}(?!null)'
    return F.col("text").rlike(rf'(?:{bare})[^" \t\r\n]')


def _is_night() -> Column:
    # Clocks of exchanges were only ever put forward or back before five in the morning, and back
    # to 23:00 at midnight in Sao Paulo.
    return (F.hour("local_time") < 5) | (F.hour("local_time") == 23)


def _wall_clock(utc: str) -> Column:
    return F.from_utc_timestamp(utc, F.col("zone"))


def _is_ambiguous() -> Column:
    # Of the two instants that an hour shown twice can mean, Spark takes the earlier one.
    later = F.from_utc_timestamp(F.col("bar_time") + F.expr("interval 1 hour"), F.col("zone"))
    return later == F.col("local_time")


def _is_out_of_range() -> Column:
    # Judged against the record's own Kafka time, so that a replay judges as the first read did.
    # An observation from the far future would beat every later one.
    limit = F.col("timestamp") + F.expr("interval 1 day")
    return (
        (F.col("bar_time") < F.lit("1970-01-01 00:00:00").cast("timestamp"))
        | (F.col("bar_time") > limit)
        | (F.col("observed_at") > limit)
        | (F.col("observed_at") < F.lit("1970-01-01 00:00:00").cast("timestamp"))
    )


def matches(column: str, pattern: str) -> Column:
    """Return whether a text column is of this form, from its first to its last character."""
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
