"""The server reads a row of COPY's binary format as it reads the line of text."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from decimal import Decimal

import pyarrow as pa

from services.stream.decoding import copy_binary
from services.stream.decoding.arrow_decode import fast_outcomes
from services.stream.decoding.copy_text import LINE_COLUMNS
from services.stream.sink import postgres, staging
from tests.bars import bar
from tests.contract.decoding.both_decoders import batch, good_pairs
from tests.fixtures.market import Market
from tests.staged_lines import Value, values

PRICES = (
    *("0.0000000001", "0.0001", "0.01", "0.1", "1", "9.999999", "10.5", "100.000100"),
    *("9999.9999", "10000", "10000.0001", "12345678.9", "99999999.99", "100000000"),
    *("100000000.000001", "999999999999", "999999999999.9999", "1.12345678900"),
)
VOLUMES = ("0", "0.0", "1185.0", "6321507.562155", "1.26747903", "999999999999999999", None)
_STORED = """
select staged_bars.*, pg_column_size(open), scale(open), open::text, high::text, volume::text
from staged_bars order by kafka_offset
"""


def staged(session: postgres.Session, lines: pa.Array) -> list[tuple[object, ...]]:
    """Return what the server makes of lines in either format."""
    with session.transaction():
        session.stage_bars([staging.line_buffer(lines)], staging.is_binary(lines))
        return session.fetch(_STORED)


def text(value: Value) -> str:
    """Return a value as a line has it."""
    if value is None:
        return r"\N"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def test_rows_and_lines_are_stored_alike(market: Market) -> None:
    priced = [bar(dict.fromkeys(("open", "high", "low", "close"), price)) for price in PRICES]
    good = replace(bar(), symbol="MSFT")
    traded = [replace(good, ohlcv=good.ohlcv._replace(volume=volume)) for volume in VOLUMES]
    # Each alone, as the longest of a batch decides how all of its numbers are read.
    batches = [batch(good_pairs())] + [
        batch([(each.key(), each.to_json())], 1_000 + place)
        for place, each in enumerate([*traded, *priced])
    ]
    rows = pa.concat_arrays([fast_outcomes(each).column("line") for each in batches])
    told = [values(row) for row in rows.to_pylist()]
    lines = ["\t".join(text(each[name]) for name in LINE_COLUMNS) + "\n" for each in told]
    with closing(postgres.connect(market.address("stream_writer"), "test")) as session:
        session.prepare_staging()
        stored = staged(session, copy_binary.rows(rows))
        assert stored == staged(session, pa.array(lines))
    assert [row[-3] for row in stored[-len(PRICES) :]] == list(PRICES)
    sent = [row[-1] for row in stored[-len(PRICES) - len(VOLUMES) : -len(PRICES)]]
    assert sent == list(VOLUMES)
