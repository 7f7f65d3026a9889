"""Opens the port at which a service tells its metrics, where its settings say so."""

from __future__ import annotations

import logging
from collections.abc import Callable

from services.common.settings import SettingError


def open_port(serve: Callable[[str, int], int], host: str, port: int, log: logging.Logger) -> int:
    """Let `serve` listen and return the port that it took. Raises SettingError."""
    try:
        taken = serve(host, port)
    except OSError as error:
        raise SettingError(
            f"METRICS_PORT {port} on {host} cannot be served ({error.strerror}); "
            "choose another, or 0 for a free one"
        ) from error
    log.info("metrics on http://%s:%d/metrics", host, taken)
    return taken
