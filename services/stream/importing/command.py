"""Imports files of bars: recognises them, looks at them, warns, and hands them to the sink."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from services.common import advisory_locks, fail_points, logs
from services.common.market.bar import Bar
from services.common.process.stopping import stop_on_signals
from services.common.settings import SettingError
from services.stream.error_advice import summary
from services.stream.files.layout import Answers, FileError, UnansweredError
from services.stream.files.recognise import Recognised, recognise
from services.stream.importing.checks import unseen, warnings
from services.stream.importing.options import answers, import_parser
from services.stream.importing.progress import Progress, done_rows, estimated_rows
from services.stream.importing.run import Import
from services.stream.importing.sources import Source, read_known, sources, unreadable
from services.stream.importing.survey import FileSurvey
from services.stream.importing.task import Target
from services.stream.retry import SecondInstanceError, StoppedError
from services.stream.settings import Settings, read_settings
from services.stream.sink import postgres
from services.stream.sink.batch import InstanceConnection
from services.stream.sink.transaction import CHUNK_ROWS, Purpose
from services.stream.spark import runtime
from services.stream.sqlstate import DatabaseError

NAME = "import"
_SHOWN_FILES = 10


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    parser = import_parser()
    options = parser.parse_intermixed_args(arguments)
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
    except UnansweredError as error:
        log.error("%s", error)  # noqa: TRY400 - one line
        return 2
    except (FileError, DatabaseError) as error:
        log.error("failed: %s", error)  # noqa: TRY400 - one line
        return 1
    except runtime.ERRORS as error:
        log.error("failed: %s", summary(str(error)))  # noqa: TRY400 - one line
        return 1
    except SecondInstanceError:
        log.error("refusing to start: another import is at work on this database")  # noqa: TRY400
        return 3
    except (StoppedError, KeyboardInterrupt):  # the latter before anything is begun
        log.warning("stopped; run the same import again, it goes on where it was")
        return 4


def _run(settings: Settings, options: argparse.Namespace, log: logging.Logger) -> int:
    files, broken = recognised(options.files, answers(options), log)
    if files:
        broken += _imported(settings, options, files, log)
    for sentence in broken:
        log.error("%s", sentence)
    return 1 if broken else 0


def _imported(
    settings: Settings,
    options: argparse.Namespace,
    files: Sequence[tuple[Path, Recognised]],
    log: logging.Logger,
) -> Sequence[str]:
    """Import files; return what broke off in them."""
    connection = InstanceConnection(
        connect=lambda: postgres.connect(settings.postgres, "tapeline import"),
        lock=advisory_locks.LOCK_IMPORT,
    )
    known = read_known(connection.session())
    now = datetime.now(tz=UTC)
    found = sources(files, known, now, options.observed_at)
    stopping = stop_on_signals()
    session = runtime.start_session(settings, "tapeline import")
    purpose = Purpose.PREVIEW if options.dry_run else Purpose.LIVE
    rows = min(settings.max_offsets_per_trigger, CHUNK_ROWS)
    target = Target(settings.postgres, settings.kafka, purpose, rows)
    work = Import(session, connection, target, stopping, log)
    try:
        _look(work, found, now, log)
        return _apply(work, found, files, log)
    finally:
        connection.close()
        session.stop()


def recognised(
    paths: Sequence[Path], said: Answers, log: logging.Logger
) -> tuple[list[tuple[Path, Recognised]], list[str]]:
    """Return files with their layouts, and of files that are broken what they are.

    Raises UnansweredError before anything is begun.
    """
    found, broken = [], []
    for path in _within(paths):
        try:
            file = _file(path)
            found.append((file, recognise(file, said)))
        except UnansweredError:
            raise
        except FileError as error:
            broken.append(str(error))
            log.warning("not imported: %s", error)
    for path, how in found[:_SHOWN_FILES]:
        log.info("%s is %s", path.name, how.layout.described())
    if len(found) > _SHOWN_FILES:
        log.info("and %d files more", len(found) - _SHOWN_FILES)
    return found, broken


def _within(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield paths, in the place of a folder the files in it and below it, by their names."""
    for path in paths:
        # Not by the path's own method, which raises of names that are too long.
        if os.path.isdir(path):  # noqa: PTH112
            yield from sorted(
                file for file in path.rglob("*") if file.is_file() and not file.name.startswith(".")
            )
        else:
            yield path


def _file(path: Path) -> Path:
    try:
        if not path.is_file():
            raise FileError(f"{path} is no file")
        return path.resolve()
    except OSError as error:
        raise unreadable(path, error) from None


def _look(work: Import, found: Sequence[Source], now: datetime, log: logging.Logger) -> None:
    log.info("looking at %d files before anything is written", len(found))
    splits = work.splits()
    surveys = work.surveys(found, splits, now)
    stored = work.stored(surveys)
    for bar in surveys[0].shown:
        log.info("as understood: %s", _text(bar))
    for source, survey, beside in zip(found, surveys, stored, strict=True):
        _tell(source, survey, log)
        for warning in warnings(source.path.name, survey, splits, beside):
            log.warning("%s", warning)
    _require_seen(found, surveys, log)


def _require_seen(
    found: Sequence[Source], surveys: Sequence[FileSurvey], log: logging.Logger
) -> None:
    """Raise UnansweredError if new files count as written before bars in them began."""
    said = []
    for source, survey in zip(found, surveys, strict=True):
        text = unseen(source, survey)
        if text is not None and source.begun:
            log.warning("%s", text)
        elif text is not None:
            said.append(text)
    if said:
        more = f"; {len(said) - 1} files more are as early" if len(said) > 1 else ""
        raise UnansweredError(said[0] + more)


def _text(bar: Bar) -> str:
    zone = "" if bar.interval == "1d" else " UTC"
    values = " ".join(
        f"{name} {getattr(bar.ohlcv, name)}" for name in ("open", "high", "low", "close", "volume")
    )
    return f"{bar.symbol} {bar.interval} {bar.exchange_time}{zone} {values}"


def _tell(source: Source, survey: FileSurvey, log: logging.Logger) -> None:
    if survey.reasons:
        reasons = ", ".join(f"{count} {reason}" for reason, count in survey.reasons.most_common(5))
        row = survey.refused
        where = "" if row is None else f"; the first is {row.member}:{row.line}"
        log.warning("%s: of %d rows refused: %s%s", source.path.name, survey.rows, reasons, where)
    if survey.broken is not None:
        log.warning("%s", survey.broken)
    if source.begun:
        log.info("%s: %d of its rows are imported already", source.path.name, source.begun)


def _apply(
    work: Import,
    found: Sequence[Source],
    files: Sequence[tuple[Path, Recognised]],
    log: logging.Logger,
) -> Sequence[str]:
    known = read_known(work.connection.session())
    result = work.apply(found, Progress(done_rows(found, known), expected_rows(found, files)))
    is_dry = work.target.purpose is Purpose.PREVIEW
    log.info("%s: %s", "dry run, nothing written" if is_dry else "done", result.outcome)
    return result.broken


def expected_rows(found: Sequence[Source], files: Sequence[tuple[Path, Recognised]]) -> int:
    """Return about how many rows files have together; who reads one that is gone will name it."""
    sampled, rows = dict(files), 0
    for source in found:
        with suppress(OSError):
            rows += estimated_rows(source.path, sampled[source.path].row_bytes)
    return rows
