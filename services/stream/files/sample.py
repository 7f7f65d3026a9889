"""What a file begins with: header, first rows, and the columns that the header names. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.stream.files.layout import PRICES, Layout

_NAMES: Final[Mapping[str, str]] = {
    **{name: name for name in (*PRICES, "volume", "time", "date")},
    **dict.fromkeys(("timestamp", "datetime", "date/time", "gmt time", "local time"), "time"),
    **dict.fromkeys(("open_time", "window_start", "ts_event"), "time"),
    **dict.fromkeys(("ticker", "symbol"), "symbol"),
    "vol": "volume",
    "per": "per",
    "rtype": "rtype",
    "instrument_id": "instrument",
}


@dataclass(frozen=True)
class Sample:
    """What a file begins with: its header lines, and rows of its first part, which is `member`."""

    path: Path
    member: str
    header: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in lower case and without brackets; none without a header."""
        return tuple(name.lower().strip("<>") for name in self.header[0]) if self.header else ()

    @property
    def folders(self) -> frozenset[str]:
        """The names of the folders above the file."""
        return frozenset(part.lower() for part in self.path.parts[:-1])

    @property
    def first(self) -> tuple[str, ...]:
        """The first row."""
        return self.rows[0]


def columns_of(sample: Sample) -> dict[str, int]:
    """Return the places of the columns whose names are known, the first of each kind."""
    found: dict[str, int] = {}
    for place, name in enumerate(sample.names):
        field = _NAMES.get(name)
        if field is not None:
            found.setdefault(field, place)
    if "date" in found and "time" in found:
        found["clock"] = found.pop("time")
    elif "time" not in found and "date" in found:
        found["time"] = found.pop("date")
    return found


def named_columns(sample: Sample) -> Layout | None:
    """Return the layout of a file whose header names what a bar needs, whoever wrote it."""
    columns = columns_of(sample)
    has_time = "time" in columns or "clock" in columns
    if not has_time or not set(PRICES) <= columns.keys():
        return None
    known = {name: columns[name] for name in columns if name in (*_GENERIC, *PRICES)}
    return Layout("named columns", known, sample.header)


_GENERIC: Final = ("time", "date", "clock", "volume", "symbol")
