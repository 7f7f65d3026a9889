"""Canonical events of an Arrow column, cut at their quotes without copying a byte."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.stream.decoding.canonical import SECTIONS

_QUOTES = SECTIONS[-1].last
"""A canonical event has so many: one before each part but the first."""


class FallbackError(Exception):
    """A record is not certainly good; the batch must take the fallback path."""


class QuotesError(FallbackError):
    """The events have not as many quotes as canonical ones."""


class Cuts:
    """The parts of each event as `canonical` counts them, from 0 before its first quote to the one
    after its last. Raises FallbackError where one has fewer quotes, or more."""

    def __init__(self, value: pa.BinaryArray) -> None:
        _, places, data = value.buffers()
        if value.null_count or data is None:
            raise FallbackError
        ends = np.frombuffer(places, np.int32)[value.offset : value.offset + len(value) + 1]
        text = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
        quotes = np.flatnonzero(text == ord('"'))
        if len(quotes) != _QUOTES * len(value):
            raise QuotesError
        # Part n lies between bounds n and n + 1.
        self._bounds: npt.NDArray[np.int32] = np.empty((len(value), _QUOTES + 2), np.int32)
        self._bounds[:, 0] = ends[:-1] - 1
        self._bounds[:, 1:-1] = quotes.reshape(len(value), _QUOTES)
        self._bounds[:, 1:-1] += ends[0]
        self._bounds[:, -1] = ends[1:]
        # As many as there must be in all, but of one event perhaps fewer and of its neighbour more.
        inside = (self._bounds[:, 0] < self._bounds[:, 1]) & (
            self._bounds[:, -2] < self._bounds[:, -1]
        )
        if not inside.all():
            raise FallbackError
        self._data = data

    def text(self, first: int, last: int | None = None) -> pa.StringArray:
        """Return the text of a part, or from the part `first` to the part `last`."""
        # Every second piece of one long array is wanted, the others lie between two of them.
        size = len(self._bounds)
        ends = np.empty((size, 2), np.int32)
        ends[:, 0] = self._bounds[:, first] + 1
        ends[:, 1] = self._bounds[:, (first if last is None else last) + 1]
        both = pa.StringArray.from_buffers(2 * size - 1, pa.py_buffer(ends), self._data)
        return both.take(pa.array(np.arange(0, 2 * size, 2, dtype=np.int32)))
