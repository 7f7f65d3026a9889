"""The text of a record → the event it holds: cut at its quotes if it is in the producer's own form,
else by Spark's JSON parser, which says what it could not read.

Pure DataFrame → DataFrame.
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

from services.stream.decoding import canonical

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
        StructField("adjusted_as_of", StringType()),
        StructField("adjusted_for", StringType()),
    ]
)
_WRAPPED = StructType([StructField("bar", _EVENT), StructField("_malformed", StringType())])
_JSON_OPTIONS = {
    "mode": "PERMISSIVE",
    "columnNameOfCorruptRecord": "_malformed",
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",
}
TEXTS = tuple(field.name for field in (*_EVENT, *_OHLCV) if isinstance(field.dataType, StringType))
"""Names of the fields that must be JSON strings."""
NULLABLE = ("volume", "adjusted_as_of", "adjusted_for")
"""Names of those that may be null or absent."""
REQUIRED = tuple(
    name for name in _EVENT.fieldNames() if name not in ("ohlcv", "schema_version", *NULLABLE)
) + tuple(f"ohlcv.{name}" for name in _OHLCV.fieldNames() if name not in NULLABLE)
"""Paths of the fields that must be there, the schema's version apart."""


def read_event(records: DataFrame) -> DataFrame:
    """Return the records with four columns more.

    `text` is the value; `canonical` whether it is in the producer's own form; `event` what it
    holds; `wrapped`, for any other form, what the parser said.
    """
    cut = records.select("*", *_text_columns())
    return cut.select("*", *_parsed_columns()).select("*", _event())


def wrap(text: Column) -> Column:
    """Return `text` inside of an object: there the parser must read it to its end."""
    return F.concat(F.lit('{"bar":'), text, F.lit("}"))


@cache
def _text_columns() -> tuple[Column, ...]:
    text = F.col("value").cast("string")
    return text.alias("text"), canonical.is_canonical(text).alias("canonical")


@cache
def _parsed_columns() -> tuple[Column, ...]:
    text, plain = F.col("text"), F.col("canonical")
    wrapped = F.from_json(wrap(text), _WRAPPED, _JSON_OPTIONS)
    return (
        F.when(plain, canonical.parts(text)).alias("parts"),
        F.when(~plain, wrapped).alias("wrapped"),
    )


@cache
def _event() -> Column:
    plain = F.col("canonical")
    read = F.when(plain, canonical.event("parts")).otherwise(F.col("wrapped.bar"))
    return read.alias("event")
