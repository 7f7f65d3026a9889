"""Runs the consumer of corporate actions, as the stream does, until it is ended or dies."""

from __future__ import annotations

import json
import logging
import os

from services.common import fail_points
from services.common.process.stopping import stop_on_signals
from services.common.secret import Secret
from services.common.topics import Topic
from services.stream.actions.consumer import ActionConsumer
from services.stream.settings import PostgresAddress
from services.stream.sink import postgres, sql
from services.stream.sink.batch import InstanceConnection
from services.stream.sink.rejected_topic import RejectedTopic


def main() -> None:
    """Take what to do from ACTIONS_TEST, a JSON object."""
    given = json.loads(os.environ["ACTIONS_TEST"])
    log = logging.getLogger("actions")
    logging.basicConfig(level=logging.WARNING)
    fail_points.arm(given["fail_at"], log)
    address = PostgresAddress(**{**given["address"], "password": Secret(given["password"])})
    rejected = RejectedTopic(given["bootstrap"], given["topic"], Topic(given["rejected"], 1))
    ActionConsumer(
        bootstrap=given["bootstrap"],
        topic=Topic(given["topic"], 1),
        connection=InstanceConnection(
            lambda: postgres.connect(address, "test actions"), sql.LOCK_ACTIONS
        ),
        publish=rejected.publish,
        accept_lost=False,
        stopping=stop_on_signals(),
        on_retry=lambda _: None,
        log=log,
    ).run()
    rejected.close()


if __name__ == "__main__":
    main()
