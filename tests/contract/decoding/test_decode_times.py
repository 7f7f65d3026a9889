"""Exchange time to UTC: Spark's clock rules against those of the standard library."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the field's usual name

from services.common.market import bar
from services.stream.decoding.spark_decode import decode
from tests.bars import GOOD

FIRST, LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2025, 11, 30, tzinfo=UTC)
AROUND = [timedelta(minutes=minutes) for minutes in range(-150, 151, 15)]


def jumps(zone: ZoneInfo) -> list[datetime]:
    """Return the UTC hours after which the zone's offset is another one."""
    found = []
    day = FIRST
    while day < LAST:
        if (
            day.astimezone(zone).utcoffset()
            != (day + timedelta(days=1)).astimezone(zone).utcoffset()
        ):
            hours = [day + timedelta(hours=hour) for hour in range(25)]
            offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
            found += [hours[i] for i in range(24) if offsets[i] != offsets[i + 1]]
        day += timedelta(days=1)
    return found


def expected(local: datetime, zone: ZoneInfo) -> str:
    """Return the instant that the wall clock means, or why it means none."""
    early, late = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    instants = [each.astimezone(UTC) for each in (early, late)]
    real = [each for each in instants if each.astimezone(zone).replace(tzinfo=None) == local]
    if not real:
        return "nonexistent_time"
    if len(set(real)) > 1:
        return "ambiguous_time"
    return f"{real[0]:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize("name", bar.EXCHANGE_ZONES)
def test_every_jump_of_the_clock_is_read_as_the_standard_library_reads_it(
    name: str, spark_session: SparkSession
) -> None:
    zone = ZoneInfo(name)
    instants = [jump.astimezone(zone).replace(tzinfo=None) for jump in jumps(zone)]
    ordinary = [datetime(year, 6, 15, 9, 30) for year in (1975, 1999, 2025)]  # noqa: DTZ001
    locals_ = sorted({each + step for each in [*instants, *ordinary] for step in AROUND})
    values = [
        replace(GOOD, exchange_time=f"{local:%Y-%m-%d %H:%M:%S}", exchange_tz=name).to_json()
        for local in locals_
    ]
    frame = spark_session.createDataFrame(
        [(b"AAPL", value, 0, row, LAST) for row, value in enumerate(values)],
        "key binary, value binary, partition int, offset bigint, timestamp timestamp",
    )

    rows = (
        decode(frame)
        .select("offset", F.coalesce("reason", F.col("bar_time").cast("string")).alias("read"))
        .collect()
    )

    read = {str(locals_[row["offset"]]): row["read"] for row in rows}
    assert read == {str(local): expected(local, zone) for local in locals_}
