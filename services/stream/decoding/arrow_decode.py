"""The fast path: records in the producer's own form → outcomes, whole columns at a time.

Pure. Nearly every batch takes it: no JSON parser, no Spark expression, a few microseconds a record.
It knows no reason for a rejection: at the first record that may not be good it gives up, and the
batch takes the fallback path through `decode` and every rule, which reads what this accepts alike.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache, partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.common.market.bar import SYMBOL_CHARS, price_basis
from services.common.market.exchanges import BY_CODE, exchange_of
from services.stream.decoding import copy_binary, event_forms
from services.stream.decoding.arrow_fields import Cuts, FallbackError, QuotesError
from services.stream.decoding.bar_start import bar_start
from services.stream.decoding.canonical import (
    FLAGS,
    OHLCV,
    ORIGIN,
    PLACES,
    PRICES,
    PRICES_ALONE,
    SEEN,
    START,
    SYMBOL,
    Section,
)
from services.stream.decoding.event_forms import Form
from services.stream.sink.staging import ROW_SCHEMA

VALUE_BYTES = 1000
"""No record of the producer's is longer; a longer value need not come here at all."""

KEY_BYTES = SYMBOL_CHARS

# Few events of a batch differ in one of these, so that each text is looked at once.
_FEW = (SYMBOL, START, ORIGIN, SEEN)
_DAY_US = 86_400_000_000
Read = Callable[..., copy_binary.Numbers]


def fast_outcomes(records: pa.RecordBatch, any_length: bool = False) -> pa.RecordBatch:
    """Return ROW_SCHEMA of records (at least one) with partition, offset, timestamp, key and
    value.

    Raises FallbackError, without `any_length` also of numbers that no int64 holds.
    """
    read = copy_binary.long_numbers if any_length else _numbers
    try:
        return _outcomes(records, Cuts(records.column("value")), Form(), read)
    except QuotesError:
        return _outcomes_by_form(records, read)


def _outcomes_by_form(records: pa.RecordBatch, read: Read) -> pa.RecordBatch:
    """Return the outcomes of records that are not all of one form."""
    parts, places = [], []
    for form, chosen, part in event_forms.parts(records):
        parts.append(_outcomes(part, Cuts(part.column("value")), form, read))
        places.append(chosen)
    return pa.concat_batches(parts).take(pa.array(np.argsort(np.concatenate(places))))


def _outcomes(records: pa.RecordBatch, cuts: Cuts, form: Form, read: Read) -> pa.RecordBatch:
    distinct = {section: _distinct(cuts, section) for section in _FEW}
    _require_match(cuts.text(OHLCV.first, OHLCV.last), OHLCV if form.has_volume else PRICES_ALONE)
    symbol = _text(cuts, "symbol")
    _require(pc.equal(records.column("key"), symbol.cast(pa.binary())))
    prices = read(*(_text(cuts, f"ohlcv.{name}") for name in PRICES))
    volume = read(_text(cuts, "ohlcv.volume")) if form.has_volume else None
    _require_prices(prices.units)
    starts = _starts(distinct[START], distinct[SYMBOL])
    observed_at = _instants(_text(cuts, "observed_at"))
    _require_range(records.column("timestamp"), starts.column("bar_time"), observed_at)
    partition, offset = records.column("partition"), records.column("offset")
    origin = partial(_origin, as_of=form.as_of, adjusted_for=form.adjusted_for)
    columns = {
        "partition": partition,
        "offset": offset,
        "kafka_timestamp": records.column("timestamp"),
        "symbol": symbol,
        "interval": starts.column("interval"),
        "bar_time": starts.column("bar_time"),
        "bar_key": pc.binary_join_element_wise(symbol, starts.column("key_text"), "\t"),
        "observed_at": observed_at,
        "line": copy_binary.joined(
            _worked_out(distinct[SYMBOL], _head, _FIELDS).column("fields"),
            starts.column("fields"),
            _worked_out(distinct[ORIGIN], origin, _FIELDS).column("fields"),
            copy_binary.values(prices, volume, observed_at, partition, offset),
        ),
    }
    return pa.RecordBatch.from_arrays(
        [columns.get(each.name, pa.nulls(len(records), each.type)) for each in ROW_SCHEMA],
        schema=ROW_SCHEMA,
    )


def _distinct(cuts: Cuts, section: Section) -> pa.DictionaryArray:
    texts = cuts.text(section.first, section.last).dictionary_encode()
    _require_match(texts.dictionary, section)
    return texts


def _require_match(texts: pa.StringArray, section: Section) -> None:
    _require(pc.match_substring_regex(texts, rf"\A{section.pattern}\z"))


def _numbers(*texts: pa.StringArray) -> copy_binary.Numbers:
    try:
        return copy_binary.numbers(*texts)
    except pa.ArrowInvalid:
        raise FallbackError from None


def _text(cuts: Cuts, name: str) -> pa.StringArray:
    return cuts.text(PLACES[name])


def _worked_out(
    texts: pa.DictionaryArray, work: Callable[[str], dict[str, object]], schema: pa.Schema
) -> pa.RecordBatch:
    rows = [work(text) for text in texts.dictionary.to_pylist()]
    return pa.RecordBatch.from_pylist(rows, schema=schema).take(texts.indices)


_FIELDS = pa.schema([("fields", pa.binary())])
_START = pa.schema(
    [
        *(("interval", pa.string()), ("bar_time", pa.timestamp("us", "UTC"))),
        *(("key_text", pa.string()), ("fields", pa.binary())),
    ]
)


def _head(text: str) -> dict[str, object]:
    return {"fields": copy_binary.head(text.split('"')[PLACES["symbol"]])}


def _starts(starts: pa.DictionaryArray, symbols: pa.DictionaryArray) -> pa.RecordBatch:
    """Return `_START` of each record: of the section START and the exchange of its symbol."""
    codes = [_exchange_code(text) for text in symbols.dictionary.to_pylist()]
    kinds = sorted(set(codes))
    if len(kinds) == 1:
        return _worked_out(starts, partial(_start, code=kinds[0]), _START)
    kind = np.array([kinds.index(code) for code in codes])[symbols.indices.to_numpy()]
    both = starts.indices.to_numpy().astype(np.int64) * len(kinds) + kind
    pairs, texts = pa.array(both).dictionary_encode(), starts.dictionary.to_pylist()
    rows = [
        _start(texts[pair // len(kinds)], kinds[pair % len(kinds)])
        for pair in pairs.dictionary.to_pylist()
    ]
    return pa.RecordBatch.from_pylist(rows, schema=_START).take(pairs.indices)


@lru_cache(maxsize=10_000)
def _exchange_code(text: str) -> str:
    exchange = exchange_of(text.split('"')[PLACES["symbol"]])
    return "" if exchange is None else exchange.code


@lru_cache(maxsize=100_000)
def _start(text: str, code: str) -> dict[str, object]:
    """Return when a bar starts, as `_START` says, of the section START and an exchange's code."""
    parts = text.split('"')
    interval, local_text, zone = (
        parts[PLACES[name] - START.first] for name in ("interval", "exchange_time", "exchange_tz")
    )
    start, day = bar_start(interval, local_text, zone, BY_CODE.get(code))
    return {
        "interval": interval,
        "bar_time": start,
        "key_text": f"{start:%Y-%m-%d %H:%M:%S}\t{interval}",
        "fields": copy_binary.start(interval, start, day),
    }


@lru_cache(maxsize=1_000)
def _origin(text: str, as_of: str | None, adjusted_for: str | None) -> dict[str, object]:
    parts = text.split('"')
    source, freshness = (parts[PLACES[name] - ORIGIN.first] for name in ("source", "freshness"))
    adjusted, is_final = (parts[number - ORIGIN.first] == ":true," for number in FLAGS)
    if as_of is not None:
        _require_day(as_of, adjusted)
    basis = price_basis(adjusted, as_of, adjusted_for)
    return {"fields": copy_binary.origin(source, freshness, basis, is_final)}


def _require_day(as_of: str, adjusted: bool) -> None:
    try:
        date.fromisoformat(as_of)
    except ValueError:
        raise FallbackError from None
    if not adjusted:
        raise FallbackError


def _instants(text: pa.StringArray) -> pa.TimestampArray:
    try:
        return text.cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        raise FallbackError from None


def _require_prices(prices: copy_binary.Integers) -> None:
    first, high, low, last = prices.T
    in_order = (low > 0) & (low <= np.minimum(first, last)) & (high >= np.maximum(first, last))
    if not in_order.all():
        raise FallbackError


def _require_range(sent: pa.TimestampArray, *times: pa.TimestampArray) -> None:
    limit = pc.add(sent.cast(pa.int64()), _DAY_US)
    for each in times:
        count = each.cast(pa.int64())
        _require(pc.less_equal(count, limit))
        _require(pc.greater_equal(count, 0))


def _require(kept: pa.BooleanArray) -> None:
    # A null falls back as well.
    if kept.true_count != len(kept):
        raise FallbackError
