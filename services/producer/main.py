"""Starts the producer: `python -m services.producer.main`. Alpha Vantage in, Kafka out."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from services.common import fail_points, logs, topics
from services.common.fail_points import reach
from services.common.kafka_cluster import settings as kafka_settings
from services.common.market.market_clock import utc_now
from services.common.process.heartbeat import Heartbeat
from services.common.process.last_stop import LastStop
from services.common.process.metrics_port import open_port
from services.common.process.stopping import stop_on_signals
from services.common.settings import Environment, SettingError
from services.common.settings_help import settings_help
from services.producer import settings as declared
from services.producer.alpha_vantage import source
from services.producer.alpha_vantage.client import Api
from services.producer.alpha_vantage.rate_limiter import Pacer
from services.producer.loop import Poller
from services.producer.market_calendar import Sessions
from services.producer.metrics import Metrics, StopCause
from services.producer.polling.fetch_pool import Fetcher
from services.producer.polling.watchlist import Watchlist
from services.producer.publishing.delivery import DeliveryThread
from services.producer.publishing.kafka_client import connect
from services.producer.publishing.kafka_writer import KafkaWriter
from services.producer.publishing.observation_clock import ObservationClock
from services.producer.publishing.state_file import StateStoreError
from services.producer.publishing.state_lock import lock_state
from services.producer.publishing.state_store import StateStore
from services.producer.runtime import Clocks, Complaints, Context, Inbox, ProducerStoppedError
from services.producer.settings import Settings, read_settings

SERVICE: Final = "producer"
STOP_SECONDS: Final = 5.0
OVERDUE_SECONDS: Final = 5.0
_HELP: Final = """\
Fetches market bars from Alpha Vantage within the limits of the key's plan and publishes the new
and the changed ones to Kafka. Ctrl-C or SIGTERM stops it within 10 s; nothing is lost by a kill.

{settings}

exit codes: 0 stopped as asked; 1 a fault of the host, or with --once a series without an answer;
2 a wrong setting or a refused key, told in one line.
"""


def main(arguments: list[str] | None = None, variables: Mapping[str, str] | None = None) -> int:
    """Run the producer from the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.producer.main",
        description=_HELP.format(settings=_settings_help()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--once", action="store_true", help="poll every series once, publish, and exit"
    )
    options = parser.parse_args(arguments)
    try:
        settings = read_settings(Environment(os.environ if variables is None else variables))
    except SettingError as error:
        print(f"producer: {error}", file=sys.stderr)  # noqa: T201 - there is no log yet
        return 2
    secrets = [*settings.source.secrets(), settings.kafka.password]
    log = logs.configure(SERVICE, settings.log_level, settings.log_style, secrets)
    _log_faults(log)
    fail_points.arm(settings.fail_at, log)
    last_stop = LastStop(settings.state_dir / "stopped", log)
    try:
        return _run(settings, log, last_stop, once=options.once)
    except SettingError as error:
        log.critical("%s", error)
        return 2
    except StateStoreError as error:
        log.critical("%s", error)
        last_stop.keep(StopCause.STATE)
        return 1
    except ProducerStoppedError as error:
        log.critical("%s", error)
        last_stop.keep(error.cause)
        return error.exit_code


def _settings_help() -> str:
    return settings_help({**vars(source), **vars(kafka_settings), **vars(declared)})


def _run(settings: Settings, log: logging.Logger, last_stop: LastStop, once: bool) -> int:
    watchlist = Watchlist(settings, log)
    with lock_state(settings.state_dir):
        memory = StateStore(settings.state_dir, utc_now())
        try:
            if memory.set_aside is not None:
                log.warning(
                    "the state was damaged and is now %s; bars are sent again, and stored once",
                    memory.set_aside,
                )
            return _poll(settings, log, watchlist, memory, last_stop, once)
        finally:
            memory.close()


def _poll(
    settings: Settings,
    log: logging.Logger,
    watchlist: Watchlist,
    memory: StateStore,
    last_stop: LastStop,
    once: bool,
) -> int:
    metrics, inbox = Metrics(), Inbox()
    metrics.stopped(last_stop.read())
    stop = stop_on_signals(lambda: inbox.put(None))
    metrics.calls_a_day(settings.plan.per_day or 0)
    beat = _heartbeat(settings)
    if settings.metrics_port >= 0:
        open_port(metrics.serve, settings.metrics_host, settings.metrics_port, log)
    source = settings.source
    # Nights are part of the extended hours of who is entitled to the newest data.
    overnight = source.extended_hours and source.entitlement != "none"
    sessions = Sessions(source.extended_hours, overnight)
    connector = partial(connect, settings.kafka, settings.delivery_seconds)
    overdue_seconds = settings.delivery_seconds + OVERDUE_SECONDS
    writer = KafkaWriter(topics.BARS.name, settings.kafka, connector, log, overdue_seconds)
    delivery_thread = DeliveryThread(writer, memory, metrics, inbox.put)
    observations = ObservationClock(utc_now, memory.newest_observation())
    metrics.watch_deliveries(delivery_thread.stuck_seconds)
    api = Api(source, settings.fetch_parallel, observations.now, on_served=_tell_offset(metrics))
    fetcher = Fetcher(api, source, sessions, settings.fetch_parallel, inbox.put)
    context = Context(
        settings=settings,
        clocks=Clocks(real=utc_now, market=settings.market_clock.now),
        memory=memory,
        pacer=_pacer(settings, memory),
        sessions=sessions,
        fetcher=fetcher,
        delivery_thread=delivery_thread,
        watchlist=watchlist,
        metrics=metrics,
        inbox=inbox,
        stop=stop,
        beat=beat,
        complaints=Complaints(log),
        works=partial(_works, last_stop, metrics),
        once=once,
    )
    _tell_start(log, settings, len(watchlist.series))
    _interrupt_seldom()
    delivery_thread.start()
    fetcher.start()
    try:
        return Poller(context).run()
    finally:
        left = delivery_thread.close(STOP_SECONDS)
        reach("producer.closed")
        metrics.stop()
        api.close()
        _tell_stop(log, left)


def _interrupt_seldom() -> None:
    """Let threads run on for longer, and look for cycles of objects less often and not among what
    stays: with tens of thousands of bars on their way that was a quarter of the work."""
    sys.setswitchinterval(0.02)
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _tell_start(log: logging.Logger, settings: Settings, series: int) -> None:
    log.info(
        "started: %d series on the plan %s, market clock %s, Kafka at %s",
        series,
        settings.plan.name,
        settings.market_clock,
        settings.kafka,
    )


def _tell_stop(log: logging.Logger, left: int) -> None:
    log.info(
        "stopped; %s",
        f"{left} bars are fetched again at the next start"
        if left
        else "every bar in hand is in Kafka",
    )


def _works(last_stop: LastStop, metrics: Metrics) -> None:
    last_stop.forget()
    metrics.stopped("")


def _tell_offset(metrics: Metrics) -> Callable[[datetime], None]:
    return lambda served_at: metrics.clock_offset((utc_now() - served_at).total_seconds())


def _log_faults(log: logging.Logger) -> None:
    """Send the trace of a fault in the program to the log, which redacts the key."""

    def in_thread(fault: threading.ExceptHookArgs) -> None:
        if fault.exc_value is not None:
            log.critical("a fault in the program", exc_info=fault.exc_value)

    def in_main(_type: object, fault: BaseException, _trace: object) -> None:
        log.critical("a fault in the program", exc_info=fault)

    threading.excepthook = in_thread
    sys.excepthook = in_main


def _heartbeat(settings: Settings) -> Callable[[], None]:
    beat = Heartbeat(settings.heartbeat_file).beat
    try:
        beat()
    except OSError as error:
        raise SettingError(
            f"HEARTBEAT_FILE is {settings.heartbeat_file}, which cannot be written: "
            f"{error.strerror}"
        ) from None
    return beat


def _pacer(settings: Settings, memory: StateStore) -> Pacer:
    pacer = Pacer(settings.plan)
    if settings.plan.per_day is not None:
        pacer.restore(memory.calls(), utc_now(), time.monotonic())
        stopped_until = memory.stopped_until()
        if stopped_until is not None:
            pacer.stop_until(stopped_until)
    return pacer


if __name__ == "__main__":
    sys.exit(main())
