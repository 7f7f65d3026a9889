"""Of a file with a column of symbols: which rows a person means by `--symbol`.

It chooses the rows that have it; of a file of one symbol alone it is another name for that one. So
no row of one share becomes a bar of another. Pure but for reading the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from services.stream.files.containers import rows
from services.stream.files.layout import FileError, Layout
from services.stream.files.text_lines import Limits

_SHOWN = 4


def symbol_text(layout: Layout, cells: Sequence[str]) -> str | None:
    """Return the symbol that a row has in its own column, as the vendor means it; None if none."""
    place = layout.columns.get("symbol")
    if place is None or place >= len(cells):
        return None
    return cells[place].removesuffix(".US") if layout.format == "stooq" else cells[place]


def with_chosen(layout: Layout, path: Path, limits: Limits) -> Layout:
    """Return the layout with what the meant rows have in their column of symbols.

    Raises FileError where the file has several and none is the wanted one. For that it is read up
    to the first row of it.
    """
    if layout.symbol is None or "symbol" not in layout.columns:
        return layout
    found: list[str] = []
    # Of a file that breaks off what comes before counts.
    with suppress(FileError):
        for text in _texts(layout, path, limits):
            if text == layout.symbol:
                return replace(layout, chosen=text)
            if text not in found and len(found) <= _SHOWN:
                found.append(text)
    if len(found) <= 1:
        return replace(layout, chosen=found[0] if found else layout.symbol)
    shown = ", ".join(text[:40] for text in found[:_SHOWN]) + (", …" if found[_SHOWN:] else "")
    raise FileError(
        f"{path.name} has several symbols and none is {layout.symbol}: {shown} (--symbol chooses "
        "by the name in the file; without it all are read)"
    )


def _texts(layout: Layout, path: Path, limits: Limits) -> Iterator[str]:
    for row in rows(path, limits):
        if row.cells is None or tuple(row.cells) in layout.header:
            continue
        text = symbol_text(layout, row.cells)
        if text is not None:
            yield text
