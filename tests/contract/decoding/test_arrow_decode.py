"""What the way of good records accepts, the way through Spark's rules reads alike."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from services.common.market import bar
from services.stream.decoding.arrow_decode import KEY_BYTES, VALUE_BYTES, fast_outcomes
from services.stream.decoding.arrow_fields import FallbackError
from services.stream.sink.dispatch import bounded
from tests.bars import GOOD
from tests.bars import bar as changed
from tests.contract.decoding.both_decoders import (
    OF_ROWS_ALONE,
    RECORDS,
    Pair,
    batch,
    compare,
    good_pairs,
    is_sure,
    quickly,
    slowly,
    told,
)
from tests.contract.decoding.test_canonical import BARS, SENT_AT, spaced
from tests.staged_lines import values

BAD = BARS[-6:]
"""Those of the canonical bars that only their values make bad."""

AT_THE_EDGE = [
    changed(exchange_time="2025-11-06 15:55:60"),
    changed(exchange_time="2025-11-06 24:00:00"),
    changed(interval="1d", exchange_time="1999-11-01"),
    changed(exchange_time="1970-01-01 00:00:00", exchange_tz="UTC"),
    changed(exchange_time="1969-12-31 23:59:59", exchange_tz="UTC"),
    changed(exchange_time="2025-11-08 00:00:00", exchange_tz="UTC"),
    changed(exchange_time="2025-11-08 00:00:01", exchange_tz="UTC"),
    changed(observed_at="2025-11-08T00:00:00Z"),
    changed(observed_at="2025-11-08T00:00:00.000001Z"),
    changed(observed_at="1969-12-31T23:59:59Z"),
    changed(observed_at="2025-11-06T23:59:60Z"),
    *(
        changed({"open": text, "close": text})
        for text in ("270.100000", "270.100001", "269.749999")
    ),
    changed(dict.fromkeys(("open", "high", "low", "close"), "0.000001")),
    changed(dict.fromkeys(("open", "high", "low", "close"), "0.000000")),
    changed({"high": "999999999.999999"}),
    changed({"high": "100000000000.000001", "open": "100000000000.000002"}),
    changed({"high": "9" * 12 + "." + "9" * 10}),
    changed({"open": "269.8000000001"}),
    changed({"volume": "000"}),
    changed({"volume": "9" * 18}),
    changed({"volume": "9" * 19 + "." + "9" * 10}),
]


def test_good_bars_are_accepted_and_read_alike(spark_session: SparkSession) -> None:
    pairs = good_pairs()
    assert quickly(pairs) == slowly(spark_session, pairs)


def test_the_columns_of_a_key_say_what_its_row_says() -> None:
    rows = fast_outcomes(batch(good_pairs())).to_pylist()
    read = [values(row["line"]) for row in rows]
    assert [[row[name] for name in OF_ROWS_ALONE] for row in rows] == [
        [each[name] for name in OF_ROWS_ALONE] for each in read
    ]


def lacking_volume(event: bar.Bar) -> Pair:
    """Return the event of a market that tells no volume, as a record."""
    return event.key(), replace(event, ohlcv=event.ohlcv._replace(volume=None)).to_json()


def test_bars_as_of_a_day_are_accepted_among_others(spark_session: SparkSession) -> None:
    """Of several days, of none, some for splits alone, and some without a volume."""
    adjusted = [replace(event, adjusted=True) for event in BARS[:8]]
    days = ("2025-11-05", None, "2025-11-06", "2024-02-29")
    told = [replace(one, adjusted_as_of=days[n % 4]) for n, one in enumerate(adjusted)]
    of_splits = [replace(told[0], adjusted_for="splits"), replace(told[6], adjusted_for="splits")]
    events = [*told, *of_splits]
    mixed = [
        lacking_volume(one) if number % 3 == 2 else (one.key(), one.to_json())
        for number, one in enumerate([*events, BARS[0]])
    ]
    one_day = [replace(one, adjusted_as_of="2025-11-06") for one in adjusted]
    alone: list[Pair] = [(one.key(), one.to_json()) for one in one_day]
    splits = [replace(one, adjusted_for="splits") for one in one_day]
    alone_of_splits: list[Pair] = [(one.key(), one.to_json()) for one in splits]
    for pairs in (mixed, alone, alone_of_splits):
        read = quickly(pairs)
        assert [row["offset"] for row in read] == list(range(len(pairs)))
        assert read == slowly(spark_session, pairs)
    bases = [row["line"]["basis"] for row in quickly(mixed)]
    assert bases[:3] == ["adjusted 2025-11-05", "unknown", "adjusted 2025-11-06"]
    assert bases[8:10] == ["split 2025-11-05", "split 2025-11-06"]


@pytest.mark.parametrize(
    ("adjusted", "as_of", "what"),
    [
        (False, "2025-11-06", None),
        (True, "2025-02-30", None),
        (True, "2025-11-6", None),
        (False, "2025-11-06", "splits"),
        (True, None, "splits"),
        (True, "2025-11-06", "dividends"),
        (True, "0000-01-01", "splits"),
    ],
)
def test_what_makes_no_basis_is_left_to_the_rules(
    adjusted: bool, as_of: str | None, what: str | None
) -> None:
    event = replace(GOOD, adjusted=adjusted, adjusted_as_of=as_of, adjusted_for=what)
    assert not is_sure((event.key(), event.to_json()))


def test_bars_without_a_volume_are_accepted_among_others(spark_session: SparkSession) -> None:
    events = [*BARS[:6], changed({"open": "269.8000000001"})]
    mixed = [
        lacking_volume(event) if number % 3 else (event.key(), event.to_json())
        for number, event in enumerate(events)
    ]
    for pairs in (mixed, [lacking_volume(event) for event in events]):
        read = quickly(pairs)
        assert [row["offset"] for row in read] == list(range(len(pairs)))
        assert read == slowly(spark_session, pairs)
    assert [row["line"]["volume"] for row in quickly(mixed)[:3]] == [Decimal(18345), None, None]


@pytest.mark.parametrize(
    "damage",
    [
        (b"null}", b"null,}"),
        (b'"volume":null}', b'"volume":""}'),
        (b'"volume":null}', b'"volume":"","x":{"volume":null}}'),
        (b'"close"', b'"volume":null},"close"'),
    ],
    ids=range(4),
)
def test_what_is_almost_a_bar_without_a_volume_is_in_doubt(damage: tuple[bytes, bytes]) -> None:
    key, value = lacking_volume(GOOD)
    assert value is not None
    assert is_sure((key, value))
    assert not is_sure((key, value.replace(*damage)))


def test_a_part_of_a_larger_batch_is_read_alike() -> None:
    pairs = [pair for pair in good_pairs() if is_sure(pair)]
    whole = fast_outcomes(batch(pairs))
    assert told(fast_outcomes(batch(pairs).slice(2, 5))) == told(whole.slice(2, 5))


@pytest.mark.parametrize("event", BAD, ids=range(len(BAD)))
def test_bars_that_only_values_make_bad_are_in_doubt(event: bar.Bar) -> None:
    assert not is_sure((event.key(), event.to_json()))


@pytest.mark.parametrize(
    "pair",
    [
        (None, GOOD.to_json()),
        (b"", GOOD.to_json()),
        (b"MSFT", GOOD.to_json()),
        (b"AAPL", None),
        (b"AAPL", b""),
        (b"AAPL", b"\xff"),
        (b"AAPL", spaced(GOOD)),
        (b"AAPL", GOOD.to_json() + b"\n"),
        (b"AAPL", GOOD.to_json() * 2),
        (b"AAPL", GOOD.to_json()[:-1] + b'"}'),
    ],
    ids=range(10),
)
def test_other_records_are_in_doubt(pair: Pair) -> None:
    assert not is_sure(pair)
    with pytest.raises(FallbackError):
        fast_outcomes(batch([(GOOD.key(), GOOD.to_json()), pair]))


def test_quotes_that_are_missed_here_and_left_over_there_are_in_doubt() -> None:
    # As many as two records have in all.
    value = GOOD.to_json()
    fewer, more = value.replace(b'"schema_version"', b'"schema_version'), value + b'"'
    for pairs in ([fewer, more], [more, fewer]):
        with pytest.raises(FallbackError):
            fast_outcomes(batch([(GOOD.key(), each) for each in pairs]))


def test_at_the_edge_of_a_rule_both_ways_agree_or_it_is_in_doubt(
    spark_session: SparkSession,
) -> None:
    compare(spark_session, [(event.key(), event.to_json()) for event in AT_THE_EDGE], least=7)


def test_the_clocks_of_every_zone_are_read_alike(spark_session: SparkSession) -> None:
    # Every half hour around the days on which clocks are changed, and of a usual day.
    days = [
        datetime(2025, *day, tzinfo=UTC) for day in ((3, 8), (3, 29), (6, 3), (10, 25), (11, 1))
    ]
    times = [day + timedelta(minutes=30 * step) for day in days for step in range(96)]
    pairs: list[Pair] = [
        (b"AAPL", changed(exchange_time=f"{time:%Y-%m-%d %H:%M:%S}", exchange_tz=zone).to_json())
        for zone in bar.EXCHANGE_ZONES
        for time in times
    ]
    compare(spark_session, pairs, least=len(pairs) - 100)


def test_damaged_records_are_read_alike_or_are_in_doubt(spark_session: SparkSession) -> None:
    source = random.Random(4)  # noqa: S311 - any numbers will do
    pairs: list[Pair] = []
    for event in source.choices(BARS, k=2000):
        value = bytearray(event.to_json())
        value[source.randrange(len(value))] = source.choice(b'0123456789.:-" TZ,aefrstu')
        pairs.append((event.key(), bytes(value)))
    compare(spark_session, pairs, least=50)


def test_long_keys_and_values_do_not_come_here(spark_session: SparkSession) -> None:
    pairs = [
        (b"A" * KEY_BYTES, b"x" * VALUE_BYTES),
        (b"A" * (KEY_BYTES + 1), b"x" * (VALUE_BYTES + 1)),
    ]
    rows = [(3, offset, SENT_AT, *pair) for offset, pair in enumerate(pairs)]
    columns = "partition int, offset bigint, timestamp timestamp, key binary, value binary"
    table = bounded(spark_session.createDataFrame(rows, columns)).toArrow()
    assert table.schema.names == RECORDS.names
    assert table.schema.types == RECORDS.types
    assert table.to_pylist() == batch([pairs[0], (None, None)]).to_pylist()
