"""Creates the pipeline's Kafka topics and brings their configuration in line, then ends."""

from __future__ import annotations

import argparse
import logging
import os
import sys

from services.common import logs
from services.common.kafka_cluster import settings as kafka_settings
from services.common.settings import Environment, SettingError
from services.common.settings_help import settings_help
from services.common.topics import ALL
from services.topics import settings as declared
from services.topics.broker import Broker, BrokerError
from services.topics.settings import KEEP, Settings, read_settings
from services.topics.topic_changes import PartitionMismatch, kept_safely, plan, replica_mismatches


def align(settings: Settings, log: logging.Logger, wait_seconds: float) -> None:
    """Make the broker's topics be as `services.common.topics` says; say what was done.

    Raises BrokerError, PartitionMismatch and KafkaSetupError.
    """
    log.info("waiting for Kafka at %s", settings.kafka)
    wanted = kept_safely(ALL, settings.replication_factor, settings.min_insync_replicas)
    broker = Broker(settings.kafka, wait_seconds)
    try:
        existing = broker.existing([topic.name for topic in wanted])
        steps = plan(wanted, existing)
        for mismatch in replica_mismatches(wanted, existing):
            log.warning("%s", mismatch)
        if steps.create:
            broker.create(steps.create)
        for topic in steps.create:
            log.info("created %s with %d partitions", topic.name, topic.partitions)
        for name, config in steps.configure.items():
            said = ", ".join(f"{key}={value}" for key, value in config.items())
            if settings.topic_settings == KEEP:
                log.warning("%s is left as it is (KAFKA_TOPIC_SETTINGS), without %s", name, said)
                continue
            broker.configure(name, config)
            log.info("set on %s: %s", name, said)
        if not steps.create and not steps.configure:
            log.info("all %d topics are there and as they should be", len(ALL))
    finally:
        broker.close()


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return the exit code (2: a setting is wrong)."""
    parser = argparse.ArgumentParser(
        prog="python -m services.topics.main",
        description="Create the Kafka topics of the pipeline, bring the configuration of those "
        "that exist\n"
        "in line, and end. Running it again changes nothing.\n\n"
        + settings_help({**vars(kafka_settings), **vars(declared)}),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--wait-seconds",
        type=float,
        default=120.0,
        metavar="N",
        help="how long to wait for the broker (%(default)g)",
    )
    wait_seconds: float = parser.parse_args(arguments).wait_seconds
    try:
        settings = read_settings(Environment(os.environ))
    except SettingError as error:
        print(f"topics: {error}", file=sys.stderr)  # noqa: T201 - it need not have a log yet
        return 2
    log = logs.configure(
        "topics", settings.log_level, settings.log_style, [settings.kafka.password]
    )
    try:
        align(settings, log, wait_seconds)
    except (BrokerError, PartitionMismatch, SettingError) as error:
        log.error("%s", error)  # noqa: TRY400 - an expected fault needs no trace
        return 2 if isinstance(error, SettingError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
