"""Why a stream ended: told by the next run until that works."""

from __future__ import annotations

import logging
from pathlib import Path
from threading import Event

from services.common.process.last_stop import LastStop
from services.stream.service import Stream
from services.stream.settings import read_settings

LOG = logging.getLogger("stream")


def test_the_end_of_the_run_before_is_told_until_this_one_works(tmp_path: Path) -> None:
    (tmp_path / "spark-sql-kafka-0-10.jar").touch()
    settings = read_settings({"CONNECTOR_JARS_DIR": str(tmp_path), "POSTGRES_PASSWORD": "unused"})
    last_stop = LastStop(tmp_path / "checkpoint.stopped", LOG)
    last_stop.keep("expired")
    stream = Stream(settings, Event(), LOG, last_stop)

    def told(cause: str) -> float | None:
        name = "tapeline_stream_stopped"
        return stream.metrics.registry.get_sample_value(name, {"cause": cause})

    assert told("expired") == 1.0
    stream.works()
    assert (told("expired"), last_stop.read()) == (0.0, "")
    # A second instance is turned away meanwhile: that is for its next run to tell.
    last_stop.keep("second_instance")
    stream.works()
    assert (told("second_instance"), last_stop.read()) == (0.0, "second_instance")
