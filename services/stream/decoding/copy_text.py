"""Decoded bars → what the writer needs of each record: a line for COPY, or a rejection.

Pure DataFrame → DataFrame. Building the text of COPY here, in Spark's own expressions, is what
lets whole Arrow buffers go to PostgreSQL with no work per row in Python.
"""

from __future__ import annotations

from functools import cache

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the field's usual name

LINE_COLUMNS = (
    "symbol",
    "bar_time",
    "interval",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "session_date",
    "source",
    "freshness",
    "basis",
    "is_final",
    "observed_at",
    "kafka_partition",
    "kafka_offset",
)
"""Columns of a line, in COPY's text format, in this order; times are UTC without an offset."""

_KEY_COLUMNS = LINE_COLUMNS[:3]
_ORIGIN = {
    "kafka_partition": "partition",
    "kafka_offset": "offset",
    "observed_at": "observed_text",
}
_NULL = "\\N"


def outcomes(decoded: DataFrame, keep_bytes: bool = False) -> DataFrame:
    """Return one row per record: partition, offset, kafka_timestamp, bar_key, observed_at, line,
    reason, key, value.

    A good bar has a `line`, which begins with its `bar_key`, and no `reason`; a bad one the
    opposite. The record's bytes are kept for bad ones, and for all with `keep_bytes`.
    """
    return decoded.select("*", _bar_key()).select(*_columns(keep_bytes))


@cache
def _bar_key() -> Column:
    good = F.col("reason").isNull()
    return F.when(good, _fields(_KEY_COLUMNS)).alias("bar_key")


@cache
def _columns(keep_bytes: bool) -> tuple[Column, ...]:
    bad = F.col("reason").isNotNull()
    line = F.concat(
        F.col("bar_key"), F.lit("\t"), _fields(LINE_COLUMNS[len(_KEY_COLUMNS) :]), F.lit("\n")
    )
    kept = F.lit(True) if keep_bytes else bad
    return (
        F.col("partition"),
        F.col("offset"),
        F.col("kafka_timestamp"),
        F.col("bar_key"),
        F.when(~bad, F.col("observed_at")).alias("observed_at"),
        F.when(~bad, line).alias("line"),
        F.col("reason"),
        F.when(kept, F.col("key")).alias("key"),
        F.when(kept, F.col("value")).alias("value"),
    )


def _fields(names: tuple[str, ...]) -> Column:
    # Validation left no character in any field that COPY's text format would read otherwise.
    return F.concat_ws("\t", *map(_field, names))


def _field(name: str) -> Column:
    text = F.col(_ORIGIN.get(name, name)).cast("string")
    return F.coalesce(text, F.lit(_NULL)) if name == "volume" else text
