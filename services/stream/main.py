"""Starts the stream: settings, database lock, Spark, query; waits, stops, and exits.

Exit codes: 0 stopped as asked, 1 a fault that needs a person, 2 a wrong setting, 3 another
instance is at work.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path

from services.common import fail_points, logs
from services.common.kafka_cluster import settings as kafka_settings
from services.common.process.last_stop import LastStop
from services.common.process.stopping import stop_on_signals
from services.common.settings import SettingError
from services.common.settings_help import settings_help
from services.stream import settings as declared
from services.stream.error_advice import StopCause, summary, verdict
from services.stream.query import QueryFailedError
from services.stream.retry import SecondInstanceError
from services.stream.service import Stream
from services.stream.settings import read_settings
from services.stream.spark import runtime
from services.stream.spark.checkpoint_offset_log import CheckpointError
from services.stream.spark.starting_offsets import LedgerMismatchError
from services.stream.sqlstate import DatabaseError

NAME = "stream"


def main() -> int:
    """Run from the command line; return the exit code."""
    argparse.ArgumentParser(
        prog="python -m services.stream.main",
        description="Read bars from Kafka and keep them in PostgreSQL, each exactly once in\n"
        "effect, until SIGTERM.\n\n" + settings_help({**vars(kafka_settings), **vars(declared)}),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    try:
        settings = read_settings(os.environ)
    except SettingError as error:
        print(f"{NAME}: {error}", file=sys.stderr)  # noqa: T201 - logging is not set up yet
        return 2
    # Spark's Python workers need this interpreter's packages.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    log = logs.configure(NAME, settings.log_level, settings.log_style, settings.secrets)
    fail_points.arm(settings.fail_at, log)
    last_stop = LastStop(stop_file(settings.checkpoint_dir), log)
    return _run(Stream(settings, stop_on_signals(), log, last_stop))


def stop_file(checkpoint_dir: str) -> Path | None:
    """Return the file beside the checkpoint that says why the last run ended.

    None where the checkpoint is on a file system that only Spark knows.
    """
    return None if "://" in checkpoint_dir else Path(f"{checkpoint_dir}.stopped")


def _run(stream: Stream) -> int:
    try:
        stream.run()
    except SettingError as error:
        stream.log.error("%s", error)  # noqa: TRY400 - one line
        return 2
    except SecondInstanceError as error:
        stream.log.error("refusing to start: %s", error)  # noqa: TRY400 - one line
        stream.last_stop.keep(StopCause.SECOND_INSTANCE)
        return 3
    except LedgerMismatchError as error:
        stream.log.error("stopped: %s", error)  # noqa: TRY400 - one line
        stream.last_stop.keep(error.cause)
        return 1
    except (CheckpointError, DatabaseError, QueryFailedError, *runtime.ERRORS) as error:
        text, judged = str(error), verdict(str(error))
        stream.log.error("stopped: %s. %s", summary(text), judged.advice)  # noqa: TRY400
        stream.last_stop.keep(judged.cause)
        stream.log.debug("the whole error:", exc_info=error)
        return 1
    stream.log.info("stopped as asked")
    return 0


if __name__ == "__main__":
    code = main()
    with suppress(OSError):
        sys.stdout.flush()
    # A batch that was given up may still hold a thread; the ledger makes leaving safe.
    os._exit(code)
