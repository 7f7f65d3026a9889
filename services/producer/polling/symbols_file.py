"""The symbols to poll: a fixed list, or a file that is read again whenever it changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.common.market.bar import normal_symbol


@dataclass(frozen=True)
class SymbolList:
    """Symbols in order, and a complaint for each line that holds none."""

    symbols: tuple[str, ...]
    complaints: tuple[str, ...] = ()


def parse_symbols(text: str) -> SymbolList:
    """Return the symbols of a file with one symbol a line and comments after `#`."""
    symbols: list[str] = []
    complaints: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        try:
            symbols.append(normal_symbol(word))
        except ValueError as error:
            complaints.append(f"line {number}: {error}")
    return SymbolList(tuple(dict.fromkeys(symbols)), tuple(complaints))


class SymbolsFile:
    """Notices when the file changes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int, int] | None = None

    def changed(self) -> SymbolList | None:
        """Return the symbols if the file changed since the last call, else None.

        Raises OSError if the file cannot be read, UnicodeDecodeError if it is no text.
        """
        stat = self._file.stat()
        mark = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if mark == self._seen:
            return None
        listed = parse_symbols(self._file.read_text(encoding="utf-8-sig"))
        self._seen = mark
        return listed
