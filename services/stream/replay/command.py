"""Replays past offsets: a bounded read of Kafka through the same decoding and the same merge.

The live job goes on meanwhile; neither its checkpoint nor the ledger is touched. Bars that the
table holds already, or holds newer, are left as they are.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from datetime import UTC, datetime

import tenacity

from services.common import advisory_locks, fail_points, logs, topics
from services.common.process.stopping import stop_on_signals
from services.common.settings import SettingError
from services.stream.actions.merge import ACTIONS
from services.stream.broker import BrokerError, offsets_at, topic_facts
from services.stream.error_advice import is_loss, summary
from services.stream.event_topics.kind import EventKind
from services.stream.event_topics.replay import replay as replay_events
from services.stream.quotes.merge import QUOTES
from services.stream.replay.offset_range import Selection, by_offsets, by_time
from services.stream.replay.options import replay_parser
from services.stream.replay.parts import Outcome, Replay
from services.stream.retry import SecondInstanceError
from services.stream.settings import Settings, read_settings
from services.stream.sink import postgres
from services.stream.sink.batch import InstanceConnection
from services.stream.sink.dispatch import Writer
from services.stream.spark import runtime
from services.stream.sqlstate import DatabaseError

NAME = "replay"
_GONE = (
    ". Retention removed records of the selection while they were read: run the same replay again, "
    "which names what is gone and reads the rest"
)


def _select(settings: Settings, options: argparse.Namespace) -> Selection:
    cluster, topic = settings.kafka, topics.BARS.name
    facts = topic_facts(cluster, topic)
    if facts is None:
        raise BrokerError(f"topic {topic} does not exist on {cluster}")
    if options.offsets is None:
        starts = offsets_at(cluster, topic, options.start)
        return by_time(facts.offsets, starts, offsets_at(cluster, topic, options.end))
    if options.partition not in facts.offsets:
        raise SettingError(f"--partition: {topic} has partitions {sorted(facts.offsets)}")
    return by_offsets(facts.offsets, options.partition, options.offsets)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    parser = replay_parser(datetime.now(tz=UTC))
    options = parser.parse_args(arguments)
    if (options.partition is None) != (options.offsets is None):
        parser.error("--partition and --offsets go together")
    ways = (
        *(options.start is not None, options.offsets is not None),
        *(options.corporate_actions, options.quotes),
    )
    if sum(ways) != 1:
        parser.error(
            "give --from, or --partition with --offsets, or --corporate-actions, or --quotes"
        )
    try:
        settings = read_settings(os.environ)
    except SettingError as error:
        parser.error(str(error))
    # Spark's Python workers need this interpreter's packages.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    log = logs.configure(NAME, settings.log_level, settings.log_style, settings.secrets)
    fail_points.arm(settings.fail_at, log)
    try:
        return _run(settings, options, log)
    except (SettingError, BrokerError, DatabaseError) as error:
        log.error("failed: %s", error)  # noqa: TRY400 - one line
        return 2 if isinstance(error, SettingError) else 1
    except runtime.ERRORS as error:
        text = str(error)
        log.error("failed: %s%s", summary(text), _GONE if is_loss(text) else "")  # noqa: TRY400
        return 1
    except SecondInstanceError:
        log.error("refusing to start: another replay is at work on this database")  # noqa: TRY400
        return 3


def _run(settings: Settings, options: argparse.Namespace, log: logging.Logger) -> int:
    if options.corporate_actions:
        return _replay_events(ACTIONS, settings, log, dry_run=options.dry_run)
    if options.quotes:
        return _replay_events(QUOTES, settings, log, dry_run=options.dry_run)
    selection = _select(settings, options)
    for gap in selection.gaps:
        log.warning("%s", gap)
    log.info("%d records in partitions %s", selection.records, sorted(selection.ranges))
    if not selection.ranges:
        log.info("nothing to replay")
        return 0
    connection = InstanceConnection(
        connect=lambda: postgres.connect(settings.postgres, "tapeline replay"),
        lock=advisory_locks.LOCK_REPLAY,
    )
    connection.session()
    stopping = stop_on_signals()
    session = runtime.start_session(settings, "tapeline replay")
    writer = Writer(
        address=settings.postgres,
        cluster=settings.kafka,
        publish=_refused_before,
        driver_rows=settings.driver_rows,
    )
    replay = Replay(settings, session, connection, writer, options.symbol, stopping, log)
    try:
        return _report(replay, selection, dry_run=options.dry_run)
    except tenacity.RetryError:
        log.warning("stopped while waiting; run the same replay again, it repeats nothing")
        return 4
    finally:
        connection.close()
        session.stop()


def _replay_events(
    kind: EventKind, settings: Settings, log: logging.Logger, *, dry_run: bool
) -> int:
    connection = InstanceConnection(
        connect=lambda: postgres.connect(settings.postgres, "tapeline replay"),
        lock=advisory_locks.LOCK_REPLAY,
    )
    try:
        replay_events(kind, settings.kafka, connection.session(), log, dry_run=dry_run)
    finally:
        connection.close()
    return 0


def _refused_before(_records: object) -> None:
    """The live job has published them; a replay does not."""


def _report(replay: Replay, selection: Selection, *, dry_run: bool) -> int:
    if dry_run:
        outcome = replay.preview(selection.ranges)
        _tell_absent(replay, outcome, selection.records)
        replay.log.info("dry run, nothing written: %s", outcome)
        return 0
    outcome, done = replay.apply(selection)
    _tell_absent(replay, outcome, done)
    if done < selection.records:
        replay.log.warning(
            "stopped after %d of %d records; run the same replay again, it repeats nothing",
            done,
            selection.records,
        )
        return 4
    replay.log.info("done, %d records: %s", done, outcome)
    return 0


def _tell_absent(replay: Replay, outcome: Outcome, records: int) -> None:
    """A symbol that was mistyped would otherwise look like one that needs no replay."""
    if replay.symbol is not None and outcome == Outcome():
        replay.log.warning("none of the %d records is of %s", records, replay.symbol)
