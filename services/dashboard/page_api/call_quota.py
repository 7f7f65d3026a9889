"""How many calls the producer has left today, read from its metrics. Only where it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.dashboard.pipeline_page import metrics_client
from services.dashboard.pipeline_page.metrics_text import samples

_CALLS: Final = "tapeline_producer_calls_today"
_MOST: Final = "tapeline_producer_calls_a_day"


class Quota:
    """Asks the producer. An empty URL means that it cannot be asked."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __call__(self) -> Mapping[str, Any] | None:
        """Return the calls charged to this UTC day, or None if nobody could say."""
        text = await metrics_client.text(self._url) if self._url else None
        return parse(text) if text is not None else None


def parse(text: str) -> Mapping[str, Any] | None:
    """Return the calls charged and left today (None: no bound), or None if nothing is told."""
    values = {one.name: int(one.value) for one in samples(text, {_CALLS, _MOST})}
    if _CALLS not in values:
        return None
    called, most = values[_CALLS], values.get(_MOST, 0)
    return {"calls_today": called, "calls_left": max(0, most - called) if most else None}
