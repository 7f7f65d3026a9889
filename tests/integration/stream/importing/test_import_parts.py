"""What decides between a file's bar and another: when each was seen. Without Spark."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from services.stream.files.layout import Answers
from services.stream.files.recognise import recognise
from services.stream.importing.checks import StoredBar, warnings
from services.stream.importing.sources import Source, read_known, sources
from services.stream.importing.stored_bars import read_stored
from services.stream.importing.survey import survey
from services.stream.importing.task import apply_part, parts
from services.stream.sink import postgres
from services.stream.sink.offset_ledger import Tally
from services.stream.sink.transaction import Purpose
from tests.fixtures.market import Market
from tests.integration.stream.importing.import_process import ANSWERS, NOW
from tests.integration.views.price_series import Action, day_bar, store_actions, store_bars

SEEN = datetime(2026, 11, 28, 9, tzinfo=UTC)
_STORED = "select close, revision, kafka_offset from market.events_stream"


def _source(market: Market, folder: Path, name: str, close: str, seen: datetime) -> Source:
    row = f"2026-11-27 09:30:00,10,12,9,{close}"
    return _file(market, folder / name, seen, ANSWERS, row)


def _file(market: Market, path: Path, seen: datetime, answers: Answers, *rows: str) -> Source:
    path.write_text("\n".join(("time,open,high,low,close", *rows, "")), "utf-8")
    os.utime(path, (seen.timestamp(), seen.timestamp()))
    session = postgres.connect(market.address("stream_writer"), "test")
    known = read_known(session)
    session.close()
    return sources([(path, recognise(path, answers))], known, NOW)[0]


def _apply(market: Market, source: Source) -> Tally:
    session = postgres.connect(market.address("stream_writer"), "test")
    tally = Tally()
    for part in parts(source, 1000):
        tally += apply_part(session, source, Purpose.LIVE, lambda _: None, part)
    session.close()
    return tally


def test_what_was_seen_later_wins_whichever_comes_first(market: Market, tmp_path: Path) -> None:
    live = "update market.events_stream set close = 11, observed_at = %s, source = 'alphavantage'"
    assert _apply(market, _source(market, tmp_path, "a.csv", "10.25", SEEN)).added == 1
    market.run(live, (SEEN.replace(hour=10),))

    older = _apply(market, _source(market, tmp_path, "b.csv", "10.5", SEEN.replace(hour=9)))
    kept = market.rows("select close from market.events_stream")
    newer = _apply(market, _source(market, tmp_path, "c.csv", "10.75", SEEN.replace(hour=11)))

    assert (older.good, older.stored, newer.changed) == (1, 0, 1)
    assert kept == [(Decimal(11),)]
    assert market.rows("select close from market.events_stream") == [(Decimal("10.75"),)]


def test_of_two_files_seen_at_once_the_later_one_counts(market: Market, tmp_path: Path) -> None:
    for name, close in (("a.csv", "10.25"), ("b.csv", "10.5")):
        _apply(market, _source(market, tmp_path, name, close, SEEN))

    assert market.rows(_STORED) == [(Decimal("10.5"), 2, 1 << 32)]


def test_a_copy_of_a_file_is_the_same_source(market: Market, tmp_path: Path) -> None:
    first = _source(market, tmp_path, "a.csv", "10.25", SEEN)
    _apply(market, first)

    again = _source(market, tmp_path, "copy.csv", "10.25", SEEN.replace(hour=10))

    assert again == replace(first, path=tmp_path / "copy.csv", begun=1)
    assert _apply(market, again) == Tally()


def test_rows_in_disorder_and_doubled_and_files_that_overlap_store_each_bar_once(
    market: Market, tmp_path: Path
) -> None:
    def rows(*minutes: int, close: str = "10.5") -> str:
        return "".join(f"2026-11-27 09:{minute}:00,10,12,9,{close}\n" for minute in minutes)

    names = "time,open,high,low,close\n"
    tallies: list[Tally] = []
    for name, text in (
        # Two copies put one after another, and at the end another value of one bar.
        ("a.csv", 2 * (names + rows(33, 31, 30, 32)) + rows(31, close="11")),
        ("b.csv", names + rows(34, 33, 32)),
    ):
        source = _source(market, tmp_path, name, str(10 + len(tallies)), SEEN)
        source.path.write_text(text, "utf-8")
        tallies.append(_apply(market, source))

    assert [(tally.good, tally.bad, tally.added, tally.changed) for tally in tallies] == [
        (9, 1, 4, 0),
        (3, 0, 1, 0),
    ]
    stored = "select extract(minute from bar_time)::int, close, revision from market.events_stream"
    assert market.rows(f"{stored} order by bar_time") == [
        (minute, Decimal("11" if minute == 31 else "10.5"), 1) for minute in range(30, 35)
    ]


def test_of_two_files_of_a_series_each_goes_on_from_its_own_stored_bar(
    market: Market, tmp_path: Path
) -> None:
    row = "time,open,high,low,close\n{} 09:30:00,{price},{price},{price},{price}\n"
    files = []
    for name, day, price in (("old.csv", "2001-03-01", "95"), ("new.csv", "2026-11-27", "10.25")):
        source = _source(market, tmp_path, name, price, SEEN)
        source.path.write_text(row.format(day, price=price), "utf-8")
        _apply(market, source)
        files.append((source, survey(source, {}, NOW)))

    session = postgres.connect(market.address("stream_writer"), "test")
    stored = read_stored(session, [found for _, found in files])
    session.close()

    assert stored == [
        {("AAPL", "1min"): StoredBar(date(2001, 3, 1), Decimal(95), "raw")},
        {("AAPL", "1min"): StoredBar(date(2026, 11, 27), Decimal("10.25"), "raw")},
    ]
    for (source, found), beside in zip(files, stored, strict=True):
        assert warnings(source.path.name, found, {}, beside) == []


@pytest.mark.parametrize(
    "close", ["1234567.123456789", "12.5", "856394817362.00000000", "123456789012.1234567891"]
)
def test_a_number_is_stored_with_all_of_its_digits(
    market: Market, tmp_path: Path, close: str
) -> None:
    source = _source(market, tmp_path, "a.csv", "10.25", SEEN)
    text = source.path.read_text("utf-8").replace("12,9,10.25", f"{close},9,{close}")
    source.path.write_text(text, "utf-8")

    tally = _apply(market, source)

    assert (tally.added, tally.bad) == (1, 0)
    assert market.rows("select close::text from market.events_stream") == [(close,)]


DAYS = (date(2020, 8, 27), date(2020, 8, 28), date(2020, 8, 31))
TRADED, SINCE = ("500", "499.23", "129.04"), ("125", "124.8075", "129.04")
RETURN = ("124.5", "124.8075", "129.04")
FILES = {
    "RAW": ("raw", None, TRADED),
    "SINCE": ("split", DAYS[2], SINCE),
    # Written before the split, which is missing in its prices.
    "BEFORE": ("split", DAYS[1], TRADED),
    "TOTAL": ("total", DAYS[2], RETURN),
}
CLOSES = "select symbol, array_agg(close::text order by bar_time) from bi.{} group by symbol"


def test_a_file_of_each_basis_is_shown_on_each_basis(market: Market, tmp_path: Path) -> None:
    for symbol, (basis, as_of, closes) in FILES.items():
        rows = [f"{day},{x},{x},{x},{x}" for day, x in zip(DAYS, closes, strict=True)]
        answers = Answers(symbol=symbol, interval="1d", basis=basis, as_of=as_of)
        source = _file(market, tmp_path / f"{symbol}.csv", SEEN, answers, *rows)
        assert _apply(market, source).added == 3
    for symbol in FILES:
        split = Action(symbol, "split", DAYS[2], Fraction(4))
        store_actions(market, [split, Action(symbol, "dividend", DAYS[1], amount=Decimal(2))])

    stored = {symbol: list(closes) for symbol, (_, _, closes) in FILES.items()}
    scaled = {
        "": stored,
        "_split_adjusted": {**{name: list(SINCE) for name in FILES}, "TOTAL": list(RETURN)},
        "_total_return": {name: list(RETURN) for name in FILES},
    }
    for suffix, wanted in scaled.items():
        for view in (f"bars{suffix}", f"events_stream{suffix}", f"candles{suffix}"):
            shown = market.rows(CLOSES.format(view), (), "powerbi_reader")
            assert dict(shown) == wanted, view
    marks = "select symbol, min(basis), max(basis), bool_and(adjusted) from bi.{} group by 1"
    for view in ("bars", "events_stream", "candles", "candles_split_adjusted"):
        assert sorted(market.rows(marks.format(view), (), "powerbi_reader")) == [
            ("BEFORE", *["split 2020-08-28"] * 2, True),
            ("RAW", *["raw"] * 2, False),
            ("SINCE", *["split 2020-08-31"] * 2, True),
            ("TOTAL", *["adjusted 2020-08-31"] * 2, True),
        ]
    reference = "select symbol, reference_close from bi.corporate_actions where kind = 'dividend'"
    assert sorted(market.rows(reference, (), "powerbi_reader")) == [
        ("BEFORE", Decimal(500)),
        ("RAW", Decimal(500)),
        ("SINCE", Decimal(500)),
        ("TOTAL", None),
    ]

    # Bars as traded go on from those of files: that is noticed.
    mixed = "select symbol, raw_bars, adjusted_bars, unknown_bars, bases from bi.price_bases"
    assert market.rows(mixed) == []
    store_bars(market, [day_bar(symbol, date(2020, 9, 1), "130") for symbol in FILES])
    assert sorted(market.rows(mixed)) == [
        (symbol, 1, 3, 0, 2) for symbol in ("BEFORE", "SINCE", "TOTAL")
    ]


def test_a_file_that_left_a_mark_that_told_too_little_is_imported_again(
    market: Market, tmp_path: Path
) -> None:
    answers = replace(ANSWERS, basis="split", as_of=date(2026, 11, 28))
    source = _file(market, tmp_path / "a.csv", SEEN, answers, "2026-11-27 09:30:00,10,12,9,11")
    assert _apply(market, source).added == 1
    market.run("update market.events_stream set basis = 'unknown'")
    market.run("delete from market.bar_revisions")
    of_then = hashlib.sha256(repr(source.layout).encode()).hexdigest()[:8]
    old_name = f"{source.topic.rpartition(':')[0]}:{of_then}"
    renamed = "update market.sink_offsets set topic = %s where topic = %s"
    market.run(renamed, (old_name, source.topic))

    again = _file(market, tmp_path / "a.csv", SEEN, answers, "2026-11-27 09:30:00,10,12,9,11")

    assert _apply(market, again).changed == 1
    assert market.rows("select basis, close, revision from market.events_stream") == [
        ("split 2026-11-28", Decimal(11), 2)
    ]
