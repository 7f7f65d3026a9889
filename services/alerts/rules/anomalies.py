"""The condition that a bar stands out, as `bi.anomalies` says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.alerts.rules.bars import Bar
from services.alerts.rules.conditions import Condition, Figures

KINDS: Final = ("price", "volume", "gap", "outlier")
SEVERITIES: Final = ("low", "medium", "high")
_TOLD: Final = {
    "price": "the price moved {value:+.3g} %, {score:.2g} deviations of what is usual",
    "volume": "the volume {value:.10g} lies {score:.2g} deviations above what is usual",
    "gap": "it opened {value:+.3g} % from the close before, {score:.2g} times what is usual",
    "outlier": "the price reached over {score:.2g} usual ranges and came back",
}


@dataclass(frozen=True)
class StandsOut:
    """A bar has an anomaly of a kind; `rank`: how severe at least, 1 to 3."""

    kind: str
    rank: int = 1
    lookback: int = 0
    needs_indicators: bool = True

    def holds(self, bars: Sequence[Bar], place: int) -> Figures | None:
        found = (bars[place].anomalies or {}).get(self.kind)
        if found is None or found.rank < self.rank:
            return None
        return {
            "severity": SEVERITIES[found.rank - 1],
            "value": found.value,
            "score": found.score,
        }

    def sentence(self, figures: Figures) -> str:
        return f"{_TOLD[self.kind].format(**figures)} ({figures['severity']} anomaly)"


def needs_anomalies(condition: Condition) -> bool:
    """Return whether it reads the anomalies of bars."""
    return isinstance(condition, StandsOut)
