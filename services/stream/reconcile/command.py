"""Proves that every record in Kafka is accounted for in PostgreSQL, offset by offset.

In come the retained records of the topic and the database's rows, out goes one line for each
partition and one for each check of sql/checks; nothing is written.
"""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.common import logs, topics
from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.settings import SettingError
from services.stream.broker import (
    BrokerError,
    Record,
    RecordsRemovedError,
    TopicFacts,
    read_records,
    topic_facts,
)
from services.stream.importing.sources import Known, read_known
from services.stream.reconcile.accounts import (
    BarKey,
    Checked,
    PartitionAccount,
    Version,
    account,
    is_superseded,
    parse_version,
)
from services.stream.reconcile.options import reconcile_parser
from services.stream.settings import Settings, read_settings
from services.stream.sink import postgres
from services.stream.sink.offset_ledger import OffsetRange
from services.stream.sink.postgres import Session
from services.stream.sqlstate import DatabaseError

NAME = "reconcile"
CHECKS = Path(__file__).resolve().parents[3] / "sql" / "checks"
_LOOK_UP = 1_000


@dataclass(frozen=True)
class Reconciler:
    """Compares a topic with the database through a session that only reads."""

    settings: Settings
    session: Session
    log: logging.Logger

    def partition(self, number: int, checked: OffsetRange, lag: int) -> PartitionAccount:
        """Account for the records of one partition in `checked`."""
        marks = self.session.read_marks(topics.BARS.name, number, checked)
        read, superseded, open_records = set[int](), set[int](), list[Record]()
        for record in self._records(number, checked):
            read.add(record.offset)
            if record.offset not in marks:
                open_records.append(record)
            if len(open_records) == _LOOK_UP:
                superseded |= self._superseded(open_records)
                open_records.clear()
        superseded |= self._superseded(open_records)
        complete = len(read) == checked.until - checked.start
        first = checked.start if complete else self._first(number)
        return account(Checked(number, checked, lag), read, marks, superseded, first)

    def _records(self, number: int, checked: OffsetRange) -> Iterator[Record]:
        """Yield what Kafka holds of the range; retention may remove the oldest meanwhile."""
        cluster, following = self.settings.kafka, checked.start
        while following < checked.until:
            rest = OffsetRange(following, checked.until)
            try:
                for record in read_records(cluster, topics.BARS.name, number, rest):
                    following = record.offset + 1
                    if following % 100_000 == 0:
                        self.log.info("partition %d: read up to offset %d", number, following)
                    yield record
            except RecordsRemovedError:
                first = self._first(number)
                if first <= following:
                    raise
                following = first
            else:
                return

    def _first(self, number: int) -> int:
        return _facts(self.settings.kafka).offsets[number].start

    def _superseded(self, records: list[Record]) -> set[int]:
        wanted: dict[BarKey, list[Version]] = defaultdict(list)
        for record in records:
            try:
                key, version = parse_version(record.value or b"", record.offset)
            except (ValueError, KeyError, TypeError):
                continue  # not a bar, and not among the rejected: it stays unaccounted
            wanted[key].append(version)
        kept = self.session.read_versions(list(wanted))
        return {
            version.offset
            for key, versions in wanted.items()
            for version in versions
            if is_superseded(version, kept.get(key, ()))
        }

    def checks(self) -> dict[str, int]:
        """Run sql/checks; return how many rows each found (0 is right)."""
        found = {}
        for file in sorted(CHECKS.glob("*.sql")):
            found[file.stem] = len(self.session.fetch(file.read_text(encoding="utf-8")))
        return found


def ranges_to_check(
    available: Mapping[int, OffsetRange],
    ledger: Mapping[int, tuple[int, int]],
    wanted: tuple[int, OffsetRange] | None,
) -> dict[int, OffsetRange]:
    """Return what the sink has applied and Kafka still holds, cut to `wanted`. Pure."""
    result = {}
    for number, offsets in available.items():
        if wanted is not None and wanted[0] != number:
            continue
        first, following = ledger.get(number, (offsets.start, offsets.start))
        start, until = max(offsets.start, first), min(offsets.until, following)
        if wanted is not None:
            start, until = max(start, wanted[1].start), min(until, wanted[1].until)
        result[number] = OffsetRange(start, max(start, until))
    return result


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    parser = reconcile_parser()
    options = parser.parse_args(arguments)
    if (options.partition is None) != (options.offsets is None):
        parser.error("--partition and --offsets go together")
    try:
        settings = read_settings(os.environ)
    except SettingError as error:
        parser.error(str(error))
    log = logs.configure(NAME, settings.log_level, settings.log_style, settings.secrets)
    wanted = None if options.offsets is None else (options.partition, options.offsets)
    try:
        return _run(settings, wanted, log)
    except (SettingError, BrokerError, DatabaseError) as error:
        log.error("failed: %s", error)  # noqa: TRY400 - one line
        return 2 if isinstance(error, SettingError) else 3


def _run(settings: Settings, wanted: tuple[int, OffsetRange] | None, log: logging.Logger) -> int:
    topic = topics.BARS.name
    session = postgres.connect(settings.postgres, "tapeline reconcile")
    try:
        reconciler = Reconciler(settings, session, log)
        ledger = session.read_ledger_ranges(topic)
        facts = _facts(settings.kafka)
        accounts = []
        for number, checked in ranges_to_check(facts.offsets, ledger, wanted).items():
            _, following = ledger.get(number, (0, facts.offsets[number].start))
            lag = facts.offsets[number].until - following
            accounts.append(reconciler.partition(number, checked, lag))
            _say(log, accounts[-1])
        found = reconciler.checks()
        imported = read_known(session)
    finally:
        session.close()
    if imported:
        _say_imported(log, imported.values())
    for name, rows in found.items():
        log.log(logging.ERROR if rows else logging.INFO, "check %s: %d rows", name, rows)
    right = all(item.balanced for item in accounts) and not any(found.values())
    log.info("%s", "every record is accounted for" if right else "NOT every record is in order")
    return 0 if right else 1


def _say_imported(log: logging.Logger, imported: Collection[Known]) -> None:
    stored, superseded, rejected = (
        sum(getattr(each, name) for each in imported)
        for name in ("stored", "superseded", "rejected")
    )
    log.info(
        "%d imported files, which are not in Kafka: %d rows = stored %d + superseded %d + rejected "
        "%d; the checks hold them against the tables",
        len(imported),
        sum(each.rows for each in imported),
        stored,
        superseded,
        rejected,
    )


def _facts(cluster: KafkaCluster) -> TopicFacts:
    facts = topic_facts(cluster, topics.BARS.name)
    if facts is None:
        raise BrokerError(f"topic {topics.BARS.name} does not exist on {cluster}")
    return facts


def _say(log: logging.Logger, item: PartitionAccount) -> None:
    level = logging.WARNING if item.removed else logging.INFO
    log.log(level if item.balanced else logging.ERROR, "%s", item)
    kinds = (
        ("unaccounted", item.unaccounted),
        ("duplicated", item.duplicated),
        ("absent", item.absent),
    )
    for kind, offsets in kinds:
        if offsets:
            log.error("partition %d: %s offsets begin with %s", item.partition, kind, offsets[:10])
