"""The forms that a canonical event may have: with a volume or none, of adjusted bars with the day
that they are as of, and with word of those that are adjusted for splits alone.

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

from services.common.market.bar import SPLITS
from services.stream.decoding.arrow_fields import FallbackError
from services.stream.decoding.canonical import DATE

_NO_VOLUME = '"volume":null}'
_QUOTED_VOLUME = '"volume":""}'
_AS_OF = rf',"adjusted_as_of":"(?P<basis>{DATE}"(?:,"adjusted_for":"{SPLITS}")?)\}}\z'
# Hardly ever are there more in a batch, since a series is on one.
_MOST_DAYS = 16


@dataclass(frozen=True)
class Form:
    """What some events tell and others do not."""

    has_volume: bool = True
    as_of: str | None = None
    adjusted_for: str | None = None


def parts(
    records: pa.RecordBatch,
) -> Iterator[tuple[Form, npt.NDArray[np.intp], pa.RecordBatch]]:
    """Yield each form, the places of its records, and these. Raises FallbackError."""
    value = records.column("value")
    lacks = pc.fill_null(pc.match_substring(value, _NO_VOLUME), False)
    bases = pc.struct_field(pc.extract_regex(value, _AS_OF), "basis").cast(pa.string())
    distinct = pc.unique(bases).to_pylist()
    if len(distinct) > _MOST_DAYS or (distinct == [None] and not lacks.true_count):
        raise FallbackError
    quoted = pc.replace_substring(value, _NO_VOLUME, _QUOTED_VOLUME)
    shortened = pc.replace_substring_regex(quoted, _AS_OF, "}")
    records = records.set_column(records.schema.get_field_index("value"), "value", shortened)
    for has_volume, basis in product((False, True), distinct):
        alike = bases.is_null() if basis is None else pc.fill_null(pc.equal(bases, basis), False)
        chosen = pc.and_(alike, pc.invert(lacks) if has_volume else lacks)
        if chosen.true_count:
            places = np.flatnonzero(chosen.to_numpy(zero_copy_only=False))
            yield Form(has_volume, *_basis(basis)), places, records.filter(chosen)


def _basis(text: str | None) -> tuple[str | None, str | None]:
    """Return the day and what prices are adjusted for, of what _AS_OF found."""
    if text is None:
        return None, None
    day, _, told = text.partition('"')
    return day, SPLITS if told else None
