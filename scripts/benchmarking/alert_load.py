"""What the measurement of alerts is made of: rules, and bars of which it is known what they give.

Pure: counts and rates in, a file of rules, bars by their commits and the alerts that are due out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from scripts.benchmarking.sample import Sample, samples

COMMITS_A_SECOND = 2
WARM_SECONDS = 10.0
_LOW, _HIGH = 100.0, 200.0  # between which the closes of the sample lie

Key = tuple[str, str]
"""A bar by its symbol and its time, as messages tell it."""


@dataclass(frozen=True)
class Load:
    """Rules on symbols, and bars of those in turn at a steady rate; what comes in the first
    WARM_SECONDS is not measured."""

    rules: int
    symbols: int
    bars_a_second: float
    seconds: float

    def levels(self) -> Iterator[tuple[str, float]]:
        """Yield the symbol of each rule, and the price that its close is to rise above."""
        names = [sample.symbol for sample in samples(self.symbols, symbols=self.symbols)]
        for number in range(self.rules):
            level = _LOW + (_HIGH - _LOW) * (number + 0.5) / self.rules
            yield names[number * 7919 % self.symbols], round(level, 3)

    def rules_text(self, url_file: str) -> str:
        """Return the file of rules; the receiver's address stands in a file beside it."""
        head = (
            f"receivers: {{desk: {{webhook_file: {url_file}, unsigned: true, allow_private: true, "
            "allow_http: true}}\nrules:\n"
        )
        return head + "".join(
            f"- {{name: rule {number}, symbols: {symbol}, interval: 1min, "
            f"when: {{price: {{crosses: {level}, direction: up}}}}, to: desk}}\n"
            for number, (symbol, level) in enumerate(self.levels())
        )

    def commits(self) -> Iterator[list[Sample]]:
        """Yield the bars of each commit."""
        size = round(self.bars_a_second / COMMITS_A_SECOND)
        count = round((WARM_SECONDS + self.seconds) * COMMITS_A_SECOND)
        bars = samples(size * count, symbols=self.symbols)
        for _ in range(count):
            yield [next(bars) for _ in range(size)]

    def due(self) -> dict[Key, int]:
        """Return how many alerts each bar gives, of those that give any."""
        levels: dict[str, list[float]] = defaultdict(list)
        for symbol, level in self.levels():
            levels[symbol].append(level)
        before: dict[str, float] = {}
        found: dict[Key, int] = {}
        for bar in (bar for bars in self.commits() for bar in bars):
            close = float(bar.prices[3])
            last = before.get(bar.symbol, close)
            before[bar.symbol] = close
            crossed = sum(last <= level < close for level in levels[bar.symbol])
            if crossed:
                found[key(bar.line(0, 0))] = crossed
        return found


def key(line: str) -> Key:
    """Return the bar of a line for COPY."""
    symbol, at, *_ = line.split("\t")
    start = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return symbol, f"{start:%Y-%m-%dT%H:%M:%S.%fZ}"
