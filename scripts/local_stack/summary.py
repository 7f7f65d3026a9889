"""Turns what was counted into what is told: status line, final summary, JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scripts.local_stack.servers.database import Latency, LedgerRow

LATENCY_SCOPE = (
    "from the API's answer to the stored row, over the newest value of each bar that was observed "
    "after the load of history (every symbol had a bar, and all that Kafka held then was stored)"
)


@dataclass(frozen=True)
class Counts:
    """Records by what became of them, since the data directory was made."""

    produced: int
    stored: int
    superseded: int
    rejected: int
    lag: int


@dataclass(frozen=True)
class Result:
    """What a run came to. Durations in seconds; `memory_mb` by process name."""

    counts: Counts
    stored_this_run: int
    seconds: float
    setup_seconds: float
    seconds_to_first_row: float | None
    rows_per_second: float | None
    latency: Latency | None
    memory_mb: Mapping[str, float]
    newest: Mapping[str, datetime]


def count(
    beginnings: Mapping[int, int], ends: Mapping[int, int], ledger: Sequence[LedgerRow]
) -> Counts:
    """Compare what Kafka's partitions hold with how far the sink has come in each."""
    reached = {row.partition: row.next_offset for row in ledger}
    return Counts(
        produced=sum(end - beginnings[partition] for partition, end in ends.items()),
        stored=sum(row.stored for row in ledger),
        superseded=sum(row.superseded for row in ledger),
        rejected=sum(row.rejected for row in ledger),
        lag=sum(
            max(0, end - reached.get(partition, beginnings[partition]))
            for partition, end in ends.items()
        ),
    )


def rate(stored: int, first_at: datetime | None, now: datetime) -> float | None:
    """Return the rows stored a second since the first one, or None if there was none."""
    if first_at is None or stored == 0:
        return None
    return stored / max((now - first_at).total_seconds(), 1e-3)


def status_line(counts: Counts, market_now: datetime, newest: Mapping[str, datetime]) -> str:
    """Return one line for a person; times are UTC."""
    bars = "  ".join(f"{symbol} {at:%H:%M}" for symbol, at in newest.items())
    return (
        f"market {market_now:%a %d %b %H:%M}  produced {counts.produced:,}  "
        f"stored {counts.stored:,}  rejected {counts.rejected:,}  lag {counts.lag:,}  "
        f"newest (UTC): {bars or 'none yet'}"
    )


def as_json(result: Result, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the summary as JSON holds it; `facts` are what else is known of the run."""
    return {
        "produced": result.counts.produced,
        "stored": result.counts.stored,
        "superseded": result.counts.superseded,
        "rejected": result.counts.rejected,
        "lag": result.counts.lag,
        "stored_this_run": result.stored_this_run,
        "rows_per_second": _rounded(result.rows_per_second, 1),
        "latency": _latency_as_json(result.latency),
        "seconds": round(result.seconds, 1),
        "setup_seconds": round(result.setup_seconds, 1),
        "seconds_to_first_row": _rounded(result.seconds_to_first_row, 1),
        "memory_mb": {name: round(size) for name, size in result.memory_mb.items()},
        "newest": {symbol: at.isoformat() for symbol, at in result.newest.items()},
        **facts,
    }


def as_text(result: Result) -> str:
    """Return the summary for a person."""
    counts, latency = result.counts, result.latency
    lines = [
        f"produced {counts.produced:,} = stored {counts.stored:,} + superseded "
        f"{counts.superseded:,} + rejected {counts.rejected:,} + not read yet {counts.lag:,}",
    ]
    if result.rows_per_second is not None:
        lines.append(
            f"stored in this run {result.stored_this_run:,}, "
            f"{result.rows_per_second:,.0f} a second since the first row"
        )
    if result.seconds_to_first_row is not None:
        lines.append(
            f"first row after {result.seconds_to_first_row:.1f} s "
            f"(and {result.setup_seconds:.1f} s of setup)"
        )
    if latency is not None:
        lines.append(
            f"latency p50 {latency.p50_seconds:.2f} s, p99 {latency.p99_seconds:.2f} s "
            f"over {latency.rows:,} bars"
        )
    sizes = ", ".join(f"{name} {size:,.0f}" for name, size in result.memory_mb.items())
    lines.append(f"memory in MB: {sizes}, in all {sum(result.memory_mb.values()):,.0f}")
    return "\n".join(f"  {line}" for line in lines)


def _latency_as_json(latency: Latency | None) -> dict[str, Any]:
    if latency is None:
        return {"measured": LATENCY_SCOPE, "rows": 0, "p50_seconds": None, "p99_seconds": None}
    return {
        "measured": LATENCY_SCOPE,
        "rows": latency.rows,
        "p50_seconds": round(latency.p50_seconds, 3),
        "p99_seconds": round(latency.p99_seconds, 3),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
