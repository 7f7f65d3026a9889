"""The bars that every measurement uses: so many minutes of 500 symbols, in arrival order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

SYMBOLS = 500
PARTITIONS = 6
_START = datetime(2025, 3, 3, 14, 30, tzinfo=UTC)  # 09:30 in New York, in winter
_SEEN = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """A bar of the sample; `version` says how often its values have changed."""

    symbol: str
    number: int
    minute: int
    version: int

    @property
    def prices(self) -> tuple[str, str, str, str]:
        """Return open, high, low and close."""
        price = 100 + ((self.minute * 7 + self.number * 13) % 997) / 10 + self.version / 100
        return f"{price:.4f}", f"{price + 1:.4f}", f"{price - 1:.4f}", f"{price + 0.5:.4f}"

    @property
    def volume(self) -> str:
        """Return the volume."""
        return str((self.minute * 31 + self.number * 7) % 90_000)

    @property
    def observed_at(self) -> datetime:
        """Return when these values were seen: a second later for each version."""
        return _SEEN + timedelta(seconds=self.version)

    def line(self, partition: int, offset: int) -> str:
        """Return the bar as a line for COPY, in the order of the stream's columns."""
        prices = "\t".join(self.prices)
        start = _start_text(self.minute)
        return (
            f"{self.symbol}\t{start}\t1min\t{prices}\t{self.volume}\t{start[:10]}\tsimulator\t"
            f"simulated\traw\ttrue\t{_seen_text(self.version)}\t{partition}\t{offset}\n"
        )

    def event(self, seen: str | None = None) -> bytes:
        """Return the bar as `Bar.to_json` writes it; that would cost a minute for a million."""
        first, high, low, last = self.prices
        return (
            f'{{"symbol":"{self.symbol}","interval":"1min",'
            f'"exchange_time":"{_start_text(self.minute)}","exchange_tz":"UTC",'
            f'"ohlcv":{{"open":"{first}","high":"{high}","low":"{low}","close":"{last}",'
            f'"volume":"{self.volume}"}},"source":"simulator","freshness":"simulated",'
            f'"adjusted":false,"is_final":true,'
            f'"observed_at":"{seen or _seen_text(self.version)}",'
            '"schema_version":1}'
        ).encode()


@cache
def _start_text(minute: int) -> str:
    return f"{_START + timedelta(minutes=minute):%Y-%m-%d %H:%M:%S}"


@cache
def _seen_text(version: int) -> str:
    return f"{_SEEN + timedelta(seconds=version):%Y-%m-%dT%H:%M:%SZ}"


def samples(count: int, version: int = 0, symbols: int = SYMBOLS) -> Iterator[Sample]:
    """Yield `count` bars, minute by minute."""
    names = [f"S{number:05}" for number in range(symbols)]
    for position in range(count):
        minute, number = divmod(position, symbols)
        yield Sample(names[number], number, minute, version)
