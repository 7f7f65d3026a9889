"""Two results of scripts/bench for each round → the ratio of every figure that both have. Pure.

A figure is read from a line's words (`p50 0.20 s, p99 0.40 s`), so that a commit's own bench can be
compared which knows nothing of this. Its name is that of the line, with what stands before it
there; a ratio to B, which that round measured too, is a figure as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Result = Mapping[str, str]
"""What a line says, by its name."""
_FIGURE = re.compile(
    r"(?:\b(p\d+|longest) )?(\d[\d,]*(?:\.\d+)?) (s of CPU|ms of CPU|[a-z]+/s|MiB|bytes|ms|s|B)\b"
)


@dataclass(frozen=True)
class Ratio:
    """A figure here over the same one there: `here` and `there` are medians of the rounds, and
    `ratios` has one for each round."""

    name: str
    unit: str
    here: float
    there: float
    ratios: tuple[float, ...]


def result(lines: Sequence[Mapping[str, str]]) -> Result:
    """Return what the lines of a bench's JSON say, by their names; of several with one name the
    second is `NAME (2)`."""
    said: dict[str, str] = {}
    times: Counter[str] = Counter()
    for line in lines:
        times[line["what"]] += 1
        number = times[line["what"]]
        name = line["what"] if number == 1 else f"{line['what']} ({number})"
        said[name] = f"{line['figure']}; {line.get('ratio', '')}"
    return said


def ratios(rounds: Sequence[tuple[Result, Result]]) -> list[Ratio]:
    """Return the figures that each round (here, there; at least one) has on both sides."""
    numbers = [(_numbers(here), _numbers(there)) for here, there in rounds]
    first, _ = numbers[0]
    found = []
    for key in first:
        pairs = [(here.get(key, 0.0), there.get(key, 0.0)) for here, there in numbers]
        if all(here > 0 and there > 0 for here, there in pairs):
            here, there = zip(*pairs, strict=True)
            each = tuple(ours / theirs for ours, theirs in pairs)
            found.append(Ratio(*key, median(here), median(there), each))
    return found


def unmatched(rounds: Sequence[tuple[Result, Result]]) -> list[str]:
    """Return the names of lines that one side alone has."""
    here, there = ({name for round_ in rounds for name in round_[side]} for side in (0, 1))
    return sorted(here ^ there)


def comparison(found: Sequence[Ratio]) -> str:
    """Return the ratios as Markdown."""
    rows = ["| measured | here | there | here / there | least to most |", "|---|---|---|---|---|"]
    for one in found:
        rows.append(
            f"| {one.name} | {one.here:,g} {one.unit} | {one.there:,g} {one.unit} "
            f"| {median(one.ratios):.2f} | {min(one.ratios):.2f} to {max(one.ratios):.2f} |"
        )
    return "\n".join(rows)


def _numbers(said: Result) -> dict[tuple[str, str], float]:
    return {key: value for name, text in said.items() for key, value in _figures(name, text)}


def _figures(name: str, text: str) -> Iterator[tuple[tuple[str, str], float]]:
    """Yield the figures of a line; what stands in brackets are parts of a sum before them."""
    for match in _FIGURE.finditer(re.sub(r"\([^)]*\)", "", text)):
        percentile, number, unit = match.groups()
        full = f"{name}, {percentile}" if percentile else name
        yield (full, unit), float(number.replace(",", ""))
