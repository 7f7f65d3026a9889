"""The forms that a canonical event may have: with a volume or none, of adjusted bars with the day
that they are as of.

Pure. Records of several forms go in; those of each form come out, made alike, so that all of them
can be cut at their quotes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.stream.decoding.arrow_fields import FallbackError
from services.stream.decoding.canonical import DATE

_NO_VOLUME = '"volume":null}'
_QUOTED_VOLUME = '"volume":""}'
_AS_OF = rf',"adjusted_as_of":"(?P<day>{DATE})"\}}\z'
# Hardly ever are there more in a batch, since a series is on one.
_MOST_DAYS = 16


@dataclass(frozen=True)
class Form:
    """What some events tell and others do not."""

    has_volume: bool = True
    as_of: str | None = None


def parts(
    records: pa.RecordBatch,
) -> Iterator[tuple[Form, npt.NDArray[np.intp], pa.RecordBatch]]:
    """Yield each form, the places of its records, and these. Raises FallbackError."""
    value = records.column("value")
    lacks = pc.fill_null(pc.match_substring(value, _NO_VOLUME), False)
    days = pc.struct_field(pc.extract_regex(value, _AS_OF), "day").cast(pa.string())
    distinct = pc.unique(days).to_pylist()
    if len(distinct) > _MOST_DAYS or (distinct == [None] and not lacks.true_count):
        raise FallbackError
    quoted = pc.replace_substring(value, _NO_VOLUME, _QUOTED_VOLUME)
    alike = pc.replace_substring_regex(quoted, _AS_OF, "}")
    records = records.set_column(records.schema.get_field_index("value"), "value", alike)
    for has_volume, as_of in product((False, True), distinct):
        of_day = days.is_null() if as_of is None else pc.fill_null(pc.equal(days, as_of), False)
        chosen = pc.and_(of_day, pc.invert(lacks) if has_volume else lacks)
        if chosen.true_count:
            places = np.flatnonzero(chosen.to_numpy(zero_copy_only=False))
            yield Form(has_volume, as_of), places, records.filter(chosen)
