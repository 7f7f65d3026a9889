"""What columns of a file say of its rows: symbols, intervals, prices and volumes, each with which
rows are certain. Pure; of the others the row decoder says what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.common.market.exchanges import Exchange, exchange_of
from services.stream.files import decimals
from services.stream.files.columnar import numbers as columns_of
from services.stream.files.columnar.numbers import Decimals, Int64s, Mask
from services.stream.files.decode import SYMBOL
from services.stream.files.layout import INTERVAL_NAMES, PRICES, RTYPES, Layout
from services.stream.files.parquet_cells import strings

_PRICE_DIGITS = 12
_VOLUME_DIGITS = 19
_ONE = Decimal(1)
_NO_VOLUME = pa.array(sorted(decimals.NO_VOLUME))
Columns = Mapping[int, pa.Array]


def symbols(
    layout: Layout, columns: Columns, instrument: str | None
) -> tuple[pa.DictionaryArray, Mask]:
    """Return the symbols of rows, and which of them are certain."""
    size = len(next(iter(columns.values())))
    if layout.symbol is not None:
        codes = pa.array(np.zeros(size, np.int32))
        symbols = pa.DictionaryArray.from_arrays(codes, pa.array([layout.symbol]))
        if instrument is None:
            return symbols, np.ones(size, bool)
        numbers = strings(columns[layout.columns["instrument"]])
        alike = pc.fill_null(pc.equal(numbers, instrument), False)
        return symbols, alike.to_numpy(zero_copy_only=False)
    coded = symbol_texts(layout, columns).dictionary_encode()
    usual = [bool(SYMBOL.fullmatch(text)) for text in coded.dictionary.to_pylist()]
    codes = coded.indices.fill_null(len(usual)).to_numpy()
    return coded, np.array([*usual, False])[codes]


def kinds(
    layout: Layout, columns: Columns, of_rows: pa.DictionaryArray, is_sure: Mask
) -> Iterator[tuple[str, Exchange | None, Int64s]]:
    """Yield each interval and exchange, and the places of its rows."""
    exchanges = [exchange_of(text or "") for text in of_rows.dictionary.to_pylist()]
    intervals, lengths = _intervals(layout, columns, len(of_rows))
    different = list(dict.fromkeys(exchanges))
    different_of = np.array([different.index(each) for each in exchanges] or [0])
    codes = different_of[of_rows.indices.fill_null(0).to_numpy()]
    for number, interval in enumerate(intervals):
        for code, exchange in enumerate(different):
            chosen = np.flatnonzero(is_sure & (lengths == number) & (codes == code))
            if interval is not None and len(chosen):
                yield interval, exchange, chosen


def _intervals(layout: Layout, columns: Columns, size: int) -> tuple[list[str | None], Int64s]:
    """Return intervals, and the place among them of each row's; None is no certain one."""
    places, told = layout.columns, layout.interval
    if not layout.interval_is_in_rows:
        return [told], np.zeros(size, np.int64)
    names = RTYPES if "rtype" in places else INTERVAL_NAMES
    cells = columns[places["rtype" if "rtype" in places else "interval"]]
    coded = strings(cells).dictionary_encode()
    found = [names.get(text) for text in coded.dictionary.to_pylist()]
    kept = [name if told in (None, name) else None for name in found]
    return [*kept, None], coded.indices.fill_null(len(kept)).to_numpy().astype(np.int64)


def prices(layout: Layout, columns: Columns) -> tuple[Decimals, Mask]:
    cells = [columns[layout.columns[name]] for name in PRICES]
    found = columns_of.read(cells, _PRICE_DIGITS)
    found = columns_of.scaled(found, layout.unit, layout.decimals, _PRICE_DIGITS)
    first, high, low, last = found.units.reshape(len(PRICES), -1)
    in_order = (low > 0) & (low <= np.minimum(first, last)) & (high >= np.maximum(first, last))
    return found, found.is_sure.reshape(len(PRICES), -1).all(axis=0) & in_order


def volumes(layout: Layout, columns: Columns, size: int) -> tuple[Decimals, Mask, Mask]:
    """Return volumes, which rows have one, and of which it is certain that they have one or
    none."""
    place = layout.columns.get("volume")
    if place is None:
        nothing = np.zeros(size, bool)
        return (
            Decimals(np.zeros(size, np.int64), 0, np.zeros(size, np.int16), nothing),
            nothing,
            ~nothing,
        )
    found = columns_of.read([columns[place]], _VOLUME_DIGITS)
    found = columns_of.scaled(found, _ONE, layout.decimals, _VOLUME_DIGITS)
    is_none = np.zeros(size, bool)
    others = np.flatnonzero(~found.is_sure)
    if len(others):
        texts = pc.fill_null(strings(columns[place].take(pa.array(others))), "")
        is_none[others] = pc.is_in(texts, _NO_VOLUME).to_numpy(zero_copy_only=False)
    return found, found.is_sure, found.is_sure | is_none


def symbol_texts(layout: Layout, columns: Columns) -> pa.StringArray:
    """Return the symbols that rows have in their own column, as the vendor means them."""
    texts = strings(columns[layout.columns["symbol"]])
    if layout.format == "stooq":
        return pc.replace_substring_regex(texts, r"\.US\z", "")
    return texts
