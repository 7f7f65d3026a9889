"""One line an event on standard output, for people by default and as JSON on request."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterable

from services.common.secret import Secret

_NOISY = {"kafka": logging.CRITICAL, "py4j": logging.CRITICAL, "urllib3": logging.WARNING}


class _Redacting(logging.Formatter):
    """Formats a record and removes every known secret from the result, traces included."""

    def __init__(self, service: str, secrets: Iterable[Secret]) -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(levelname)-7s " + service + " %(message)s")
        self.converter = time.gmtime
        self.datefmt = "%Y-%m-%dT%H:%M:%S"
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        return self._redacted(super().format(record))

    def _redacted(self, text: str) -> str:
        for secret in self._secrets:
            text = secret.redact(text)
        return text


class _JsonLines(_Redacting):
    """The same events as one JSON object a line."""

    def __init__(self, service: str, secrets: Iterable[Secret]) -> None:
        super().__init__(service, secrets)
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": f"{self.formatTime(record, self.datefmt)}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "service": self._service,
            # Before the escaping, which would hide a secret with a quote or a backslash in it.
            "message": self._redacted(record.getMessage()),
        }
        if record.exc_info:
            event["trace"] = self._redacted(self.formatException(record.exc_info))
        return json.dumps(event, ensure_ascii=False)


def configure(
    service: str, level: str = "INFO", style: str = "text", secrets: Iterable[Secret] = ()
) -> logging.Logger:
    """Send all log events of this process to standard output and return the service's logger.

    `style` is `text` or `json`; `secrets` are replaced by `***` wherever they would appear.
    """
    form = _JsonLines if style == "json" else _Redacting
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(form(service, secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # These report what the service already says in its own words, and some with a trace.
    for noisy, its_level in _NOISY.items():
        logging.getLogger(noisy).setLevel(its_level)
    return logging.getLogger(service)
