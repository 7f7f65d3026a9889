"""Retries what the stream depends on: without limit, with growing pauses and an alarm."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import tenacity

from services.stream.broker import BrokerError
from services.stream.sqlstate import DatabaseError, Fault


class SecondInstanceError(Exception):
    """Another instance holds the lock of this database."""


class StoppedError(Exception):
    """The process was asked to stop while it waited for its surroundings."""


def passes(error: BaseException) -> bool:
    """Return whether waiting can help against `error`."""
    if isinstance(error, DatabaseError):
        return error.fault is Fault.ENVIRONMENT
    # The server may still hold the lock of this very process's broken connection.
    return isinstance(error, BrokerError | SecondInstanceError)


def waiting_out(
    stopping: Event,
    alarm: Callable[[tenacity.RetryCallState], None],
    retried: Callable[[BaseException], bool] = passes,
) -> tenacity.Retrying:
    """Return a caller that repeats a call until it succeeds, or fails with a lasting error.

    When `stopping` is set it raises tenacity.RetryError instead of trying again.
    """
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(retried),
        wait=tenacity.wait_random_exponential(multiplier=0.5, max=30),
        stop=tenacity.stop_when_event_set(stopping),
        sleep=tenacity.sleep_using_event(stopping),
        before_sleep=alarm,
    )
