"""Rows of a measurement → a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scripts.benchmarking.measurements.delay import Delay


@dataclass(frozen=True)
class Line:
    """A figure beside what it is compared with; `target` says what it should reach."""

    what: str
    figure: str
    ratio: str = ""
    target: str = ""


def table(machine: Mapping[str, str], lines: Sequence[Line]) -> str:
    """Return the machine and the lines as Markdown."""
    about = ", ".join(f"{name} {value}" for name, value in machine.items())
    rows = [("measured", "figure", "ratio", "target"), *map(_cells, lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    rule = "|".join("-" * (width + 2) for width in widths)
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return "\n".join([f"Measured on {about}.", "", text[0], f"|{rule}|", *text[1:]])


def rate_text(rate: float) -> str:
    """Return a rate for people."""
    return f"{rate:,.0f} bars/s"


def delay_text(found: Delay) -> str:
    """Return a delay's percentiles for people."""
    return (
        f"p50 {found.p50_seconds:.2f} s, p90 {found.p90_seconds:.2f} s, "
        f"p99 {found.p99_seconds:.2f} s, longest {found.longest_seconds:.2f} s"
    )


def memory_text(used: Mapping[str, int]) -> str:
    """Return the memory of processes (bytes) for people."""
    total = sum(used.values())
    parts = ", ".join(f"{name} {size / 1024**2:.0f}" for name, size in sorted(used.items()))
    return f"{total / 1024**2:.0f} MiB ({parts})"


def _cells(line: Line) -> tuple[str, str, str, str]:
    return line.what, line.figure, line.ratio, line.target
