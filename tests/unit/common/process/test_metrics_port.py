"""The port of the metrics is opened and told, or the setting is named."""

from __future__ import annotations

import errno
import logging
import os

import pytest

from services.common.process.metrics_port import open_port
from services.common.settings import SettingError

LOG = logging.getLogger("test")


def test_the_port_that_was_taken_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert open_port(lambda _host, _port: 4711, "127.0.0.1", 0, LOG) == 4711
    assert caplog.messages == ["metrics on http://127.0.0.1:4711/metrics"]


def test_a_port_that_is_taken_already_names_the_setting() -> None:
    def serve(_host: str, _port: int) -> int:
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))

    with pytest.raises(SettingError) as fault:
        open_port(serve, "127.0.0.1", 80, LOG)
    assert str(fault.value).startswith("METRICS_PORT 80 on 127.0.0.1 ")
    assert "(Address already in use)" in str(fault.value)
    assert isinstance(fault.value.__cause__, OSError)
