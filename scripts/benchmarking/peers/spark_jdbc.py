"""A peer: Spark's own JDBC writer in append mode, no key, as public projects of this shape do."""

from __future__ import annotations

import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the field's usual name

from scripts.benchmarking.peers.peer import Target, report
from scripts.launcher.paths import BENCH_JARS, CONNECTOR_JARS

_EVENT = (
    "symbol string, interval string, exchange_time timestamp, exchange_tz string, "
    "ohlcv struct<open: string, high: string, low: string, close: string, volume: string>, "
    "source string, freshness string, adjusted boolean, is_final boolean, observed_at timestamp"
)
_ROWS_A_TRIGGER = 500_000
_BATCH = 10_000


def main(arguments: list[str]) -> None:
    """Drain the topic into a table without a key, telling how far each write has come."""
    target = Target.parse(arguments)
    jars = [str(jar) for folder in (CONNECTOR_JARS, BENCH_JARS) for jar in folder.glob("*.jar")]
    session = (
        SparkSession.Builder()
        .master("local[*]")
        .config("spark.jars", ",".join(jars))
        .config("spark.driver.memory", "1g")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    done = [0]

    def write(batch: DataFrame, _: int) -> None:
        rows = batch.persist()
        options = {"url": f"{target.jdbc()}?reWriteBatchedInserts=true", "dbtable": "plain_bars"}
        rows.write.format("jdbc").mode("append").options(
            **options,
            user="postgres",
            password=target.password(),
            driver="org.postgresql.Driver",
            batchsize=_BATCH,
        ).save()
        done[0] += rows.count()
        rows.unpersist()
        report(done[0])

    source = (
        session.readStream.format("kafka")
        .option("kafka.bootstrap.servers", target.bootstrap)
        .option("subscribe", target.topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", _ROWS_A_TRIGGER)
        .load()
    )
    query = _bars(source).writeStream.foreachBatch(write).trigger(availableNow=True).start()
    query.awaitTermination()
    session.stop()


def _bars(source: DataFrame) -> DataFrame:
    event = F.from_json(F.col("value").cast("string"), _EVENT)
    prices = (
        F.col(f"event.ohlcv.{name}").cast("decimal(18,6)").alias(name)
        for name in ("open", "high", "low", "close")
    )
    return source.select(event.alias("event"), "partition", "offset").select(
        "event.symbol",
        F.col("event.exchange_time").alias("bar_time"),
        "event.interval",
        *prices,
        F.col("event.ohlcv.volume").cast("bigint").alias("volume"),
        F.to_date("event.exchange_time").alias("session_date"),
        "event.source",
        "event.freshness",
        F.when(F.col("event.adjusted"), "unknown").otherwise("raw").alias("basis"),
        "event.is_final",
        "event.observed_at",
        F.col("partition").alias("kafka_partition"),
        F.col("offset").alias("kafka_offset"),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
