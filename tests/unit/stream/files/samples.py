"""Files as vendors write them, made by hand: their terms forbid to pass on real ones."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from services.stream.files.decode import DecodedRow, Decoder
from services.stream.files.layout import Answers
from services.stream.files.recognise import recognise
from tests.unit.stream.files.agreement import require_agreement, source_of

SEEN = datetime(2026, 11, 28, 12, tzinfo=UTC)
_NOTHING_SAID = Answers()


def write(folder: Path, name: str, *lines: str, end: str = "\n") -> Path:
    """Write a file of lines."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


def zipped(folder: Path, name: str, members: Mapping[str, str]) -> Path:
    """Write a zip of text files."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in members.items():
            archive.writestr(member, text)
    return path


def gzipped(folder: Path, name: str, *lines: str) -> Path:
    """Write a gzip file of lines."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
    return path


def daily_answer(**bars: str) -> str:
    """Return an answer of TIME_SERIES_DAILY: of each day a close, written as d2026_11_27."""
    series = {
        day[1:].replace("_", "-"): {
            "1. open": "10.5", "2. high": "11", "3. low": "10", "4. close": close,
            "5. volume": "1200",
        }
        for day, close in bars.items()
    }  # fmt: skip
    meta = {"1. Information": "Daily Prices", "2. Symbol": "IBM", "5. Time Zone": "US/Eastern"}
    return json.dumps({"Meta Data": meta, "Time Series (Daily)": series})


def decoded(path: Path, answers: Answers = _NOTHING_SAID) -> list[DecodedRow]:
    """Return the rows of a file, recognised and decoded; row by row and by columns alike."""
    layout = recognise(path, answers).layout
    require_agreement(source_of(path, layout, SEEN))
    return list(Decoder(path, layout, SEEN).rows())


def told(row: DecodedRow) -> tuple[str, str, str, str, str, str, str | None] | str | None:
    """Return symbol, interval, time, zone, open, close and volume of a row, or its reason."""
    bar = row.bar
    if bar is None:
        return row.reason
    values = (bar.ohlcv.close, bar.ohlcv.volume)
    return (bar.symbol, bar.interval, bar.exchange_time, bar.exchange_tz, bar.ohlcv.open, *values)
