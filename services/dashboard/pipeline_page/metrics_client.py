"""Asks the services for their metrics, and Prometheus for what it keeps. The only importer of
requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import requests
from anyio import to_thread

_SECONDS: Final = 2.0


class MetricsUnavailableError(Exception):
    """Nobody answered, or not with what was asked for."""


async def text(url: str) -> str | None:
    """Return a service's metrics, or None if nobody could say."""
    try:
        return (await to_thread.run_sync(_get, url, {})).text
    except MetricsUnavailableError:
        return None


async def prometheus(url: str, path: str, query: Mapping[str, str]) -> Any:
    """Return the data of an answer of Prometheus's API. Raises MetricsUnavailableError."""
    answer = await to_thread.run_sync(_get, f"{url.rstrip('/')}/api/v1/{path}", query)
    try:
        return answer.json()["data"]
    except (ValueError, KeyError, TypeError):
        raise MetricsUnavailableError(f"{url} does not answer as Prometheus does") from None


def _get(url: str, query: Mapping[str, str]) -> requests.Response:
    try:
        answer = requests.get(url, dict(query), timeout=_SECONDS, allow_redirects=False)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise MetricsUnavailableError(str(error)) from None
    return answer
