"""Numbers of a file, whole columns at a time and exact: no float comes between text and digits.

Pure. In come columns as text, or of Parquet's types, out go whole multiples of a power of ten, the
decimals that each was written with, and which of them are certain; the others are the row
decoder's, which reads what is certain alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.stream.decoding.copy_binary import Numbers
from services.stream.files.parquet_cells import strings

Int64s = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_DIGITS = 18
"""Every number of so many digits fits an int64."""
_BASE_DIGITS = 4
_MOST_SCALE = 10
_WRITTEN_SCALE = 22
"""A number has at most ten decimals that count, and twelve zeros behind them."""
_FLOAT_EXPONENTS = (4, 8)
_FLOAT_LIMIT = 10**15
"""Of two decimals of fewer digits no two are the same float: the one found is the shortest."""
_SMALLEST_FLOAT = 1e-4
"""Smaller ones Python writes with an exponent."""


@dataclass(frozen=True)
class Decimals:
    """Numbers as so many times 10 ** -exponent, where `is_sure`; each was written with so many
    decimals (`scales`)."""

    units: Int64s
    exponent: int
    scales: npt.NDArray[np.int16]
    is_sure: Mask

    def numbers(self, chosen: Int64s, columns: int = 1) -> Numbers:
        """Return some rows in the form that COPY's rows are made of, of several columns that stand
        one after another a row of each."""
        units, scales = self.units, self.scales
        if columns > 1:
            units, scales = units.reshape(columns, -1).T, scales.reshape(columns, -1).T
        digits = -(-_DIGITS // _BASE_DIGITS)
        places = self.exponent // _BASE_DIGITS
        return Numbers(units[chosen], places, scales[chosen], digits)


def read(columns: Sequence[pa.Array], whole_digits: int) -> Decimals:
    """Return the numbers of columns, one column after another; null is none. Before the point each
    has at most so many digits."""
    kinds = {column.type for column in columns}
    if kinds <= {pa.float64()} and len(kinds) == 1:
        return _floats(pa.concat_arrays(columns).fill_null(np.nan).to_numpy(zero_copy_only=False))
    return _texts(pa.concat_arrays([strings(column) for column in columns]), whole_digits)


def whole_numbers(column: pa.Array) -> tuple[Int64s, Mask]:
    """Return counts, and which of them are certain."""
    if pa.types.is_integer(column.type):
        safe = pc.fill_null(pc.and_(pc.greater_equal(column, 0), pc.less(column, 10**18)), False)
        found = pc.if_else(safe, column, pa.scalar(0, column.type)).cast(pa.int64())
        return found.to_numpy(), safe.to_numpy(zero_copy_only=False)
    found = _texts(strings(column), _DIGITS)
    return found.units, found.is_sure & (found.scales == 0) & (found.exponent == 0)


def scaled(found: Decimals, unit: Decimal, decimals: int | None, whole_digits: int) -> Decimals:
    """Return numbers times a unit, rounded half to even to so many decimals if that is asked for,
    without zeros behind."""
    if unit == 1 and decimals is None:
        return found
    _, digits, power = unit.as_tuple()
    factor = int("".join(map(str, digits))) * 10 ** max(0, int(power))
    exponent = found.exponent + max(0, -int(power))
    is_sure = found.is_sure & (found.units <= (10**_DIGITS - 1) // factor)
    units = np.where(is_sure, found.units, 0) * factor
    if decimals is not None and decimals < exponent:
        units, exponent = _rounded(units, 10 ** (exponent - decimals)), decimals
    scales = _least_scales(units, exponent)
    is_sure &= scales <= _MOST_SCALE
    wanted = _exponent(scales[is_sure])
    step = 10 ** abs(wanted - exponent)
    if wanted < exponent:
        units //= step
    else:
        is_sure &= units <= (10**_DIGITS - 1) // step
        units = np.where(is_sure, units, 0) * step
    is_sure &= units < 10 ** min(_DIGITS, whole_digits + wanted)
    return Decimals(units, wanted, scales, is_sure)


def _floats(values: npt.NDArray[np.float64]) -> Decimals:
    is_sure = np.zeros(len(values), bool)
    units, exponent = np.zeros(len(values), np.int64), _FLOAT_EXPONENTS[0]
    usual = (values >= _SMALLEST_FLOAT) | ((values == 0) & ~np.signbit(values))
    for exponent in _FLOAT_EXPONENTS:
        with np.errstate(invalid="ignore", over="ignore"):
            near = np.rint(values * 10.0**exponent)
            is_sure = usual & (near < _FLOAT_LIMIT) & (near / 10.0**exponent == values)
        units = np.where(is_sure, near, 0).astype(np.int64)
        if is_sure.all():
            break
    # Python writes 645 as 645.0.
    scales = np.maximum(_least_scales(units, exponent), 1).astype(np.int16)
    return Decimals(units, exponent, scales, is_sure)


def _texts(texts: pa.StringArray, whole_digits: int) -> Decimals:
    size = len(texts)
    texts, is_sure = _plain(texts)
    point = pc.find_substring(texts, ".").to_numpy()
    length = pc.binary_length(texts).to_numpy()
    whole = np.where(point < 0, length, point)
    written = np.where(point < 0, 0, length - point - 1)
    scales = written
    most = written.max(initial=0)
    if most > 2 * _BASE_DIGITS or whole.max(initial=0) + most > _DIGITS - _BASE_DIGITS:
        # Zeros behind, of which some vendors write many, count for how it is written alone.
        texts = pc.if_else(pa.array(point >= 0), pc.ascii_rtrim(texts, "0"), texts)
        scales = np.where(point < 0, 0, pc.binary_length(texts).to_numpy() - point - 1)
    is_sure &= (written > 0) | (point < 0)
    is_sure &= (scales <= _MOST_SCALE) & (written <= _WRITTEN_SCALE)
    exponent = _exponent(scales[is_sure])
    is_sure &= (whole > 0) & (whole <= min(whole_digits, _DIGITS - exponent))
    if not is_sure.all():
        texts = pc.if_else(pa.array(is_sure), texts, "0")
    decimals = texts.cast(pa.decimal128(_DIGITS, exponent))
    # A decimal has two words; the second one of a number below 10^18 is zero.
    words = np.frombuffer(decimals.buffers()[1], np.int64)
    units = words[2 * decimals.offset :: 2][:size]
    return Decimals(units, exponent, np.where(is_sure, written, 0).astype(np.int16), is_sure)


def _plain(texts: pa.StringArray) -> tuple[pa.StringArray, Mask]:
    """Return texts of nothing but digits and at most one point, a zero in the place of others."""
    is_sure = np.ones(len(texts), bool)
    _, places, data = texts.buffers()
    ends = np.frombuffer(places, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    if texts.null_count == 0 and data is not None:
        bytes_ = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
        points = np.count_nonzero(bytes_ == ord("."))
        inside = (bytes_ >= ord(".")) & (bytes_ <= ord("9")) & (bytes_ != ord("/"))
        with_point = pc.find_substring(texts, ".").to_numpy() >= 0
        if inside.all() and points == np.count_nonzero(with_point):
            return texts, is_sure
    form = pc.match_substring_regex(texts, r"\A[0-9]+(\.[0-9]+)?\z").fill_null(False)
    return pc.if_else(form, texts, "0"), form.to_numpy(zero_copy_only=False).copy()


def _exponent(scales: npt.NDArray[np.integer]) -> int:
    return _BASE_DIGITS * -(-int(scales.max(initial=0)) // _BASE_DIGITS)


def _least_scales(units: Int64s, exponent: int) -> npt.NDArray[np.int16]:
    """Return how many decimals numbers have without zeros behind."""
    scales = np.full(len(units), exponent, np.int16)
    rest, open_ = units, np.ones(len(units), bool)
    for _ in range(exponent):
        tenth = rest // 10
        open_ = open_ & (tenth * 10 == rest)
        if not open_.any():
            break
        scales -= open_
        rest = tenth
    return scales


def _rounded(units: Int64s, step: int) -> Int64s:
    whole = units // step
    rest = 2 * (units - whole * step)
    return np.asarray(whole + ((rest > step) | ((rest == step) & (whole % 2 == 1))))
