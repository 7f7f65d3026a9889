"""How many calls the producer has left today, read from its metrics. Only where it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import requests
from anyio import to_thread
from prometheus_client.parser import text_string_to_metric_families

_SECONDS: Final = 1.0
_CALLS: Final = "tapeline_producer_calls_today"
_MOST: Final = "tapeline_producer_calls_a_day"


class Quota:
    """Asks the producer. An empty URL means that it cannot be asked."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __call__(self) -> Mapping[str, Any] | None:
        """Return the calls charged to this UTC day, or None if nobody could say."""
        return await to_thread.run_sync(self._ask) if self._url else None

    def _ask(self) -> Mapping[str, Any] | None:
        try:
            answer = requests.get(self._url, timeout=_SECONDS)
            answer.raise_for_status()
        except requests.RequestException:
            return None
        return parse(answer.text)


def parse(text: str) -> Mapping[str, Any] | None:
    """Return the calls charged and left today (None: no bound), or None if nothing is told."""
    values = {
        sample.name: int(sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name in (_CALLS, _MOST)
    }
    if _CALLS not in values:
        return None
    called, most = values[_CALLS], values.get(_MOST, 0)
    return {"calls_today": called, "calls_left": max(0, most - called) if most else None}
