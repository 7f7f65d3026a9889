"""Named places where a test lets the process die, as kill -9 would: proof that none loses a bar.

Armed by FAIL_AT at the start of a program; unarmed, a point costs one comparison.
"""

from __future__ import annotations

import logging
import os
from typing import Final

from services.common.settings import SettingError

EXIT_CODE: Final = 137

POINTS: Final = (
    "producer.call_booked",
    "producer.fetched",
    "producer.record_sent",
    "producer.all_sent",
    "producer.acknowledged",
    "producer.remembered",
    "producer.covered",
    "producer.month_added",
    "producer.call_refunded",
    "producer.stop_kept",
    "producer.first_bar_kept",
    "producer.basis_kept",
    "producer.basis_changed",
    "producer.anchors_kept",
    "producer.no_bars_kept",
    "producer.owed_kept",
    "producer.failing_kept",
    "producer.failing_forgotten",
    "producer.failing_pruned",
    "producer.wanted_again",
    "producer.state_set_aside",
    "producer.pruned",
    "producer.closed",
    "producer.actions_booked",
    "producer.actions_covered",
    "producer.quotes_booked",
    "producer.quotes_delivered",
    "sink.batch_begun",
    "sink.before_copy",
    "sink.during_copy",
    "sink.after_copy",
    "sink.copied_straight",
    "sink.after_merge",
    "sink.rejected_published",
    "sink.ledger_moved",
    "sink.after_commit",
    "job.batch_applied",
    "replay.part_merged",
    "import.part_merged",
    "import.files_in_ledger",
    "import.files_committed",
    "import.files_stored",
    "events.batch_begun",
    "events.merged",
    "events.rejected_published",
    "events.ledger_moved",
    "events.after_commit",
    "indicators.before_commit",
    "indicators.after_commit",
    "alerts.evaluated",
    "alerts.committed",
    "alerts.sent",
    "alerts.marked",
)


class _Armed:
    point = ""
    countdown = 0


def checked(spec: str) -> str:
    """Return `spec` if `arm` can take it: a point, `point:n` for its n-th time, or nothing.

    Raises SettingError.
    """
    name, _, count = spec.partition(":")
    if spec and name not in POINTS:
        raise SettingError(f"FAIL_AT is {spec!r}, but the points are {', '.join(POINTS)}")
    if count and not (count.isdecimal() and int(count) > 0):
        raise SettingError(f"FAIL_AT is {spec!r}; after the colon stands which time, 1 or more")
    return spec


def arm(spec: str, log: logging.Logger | None = None) -> None:
    """Let the process die where `spec`, as `checked` takes it, says; nothing disarms it."""
    name, _, count = spec.partition(":")
    _Armed.point, _Armed.countdown = name, int(count or 1)
    if spec and log is not None:
        log.warning("FAIL_AT is set: this process will die at %s", spec)


def armed() -> str:
    """Return what is armed and has not come yet, to arm another process with it."""
    return f"{_Armed.point}:{_Armed.countdown}" if _Armed.point else ""


def reach(point: str) -> None:
    """Die here if this point is armed and its time has come."""
    if point != _Armed.point:
        return
    _Armed.countdown -= 1
    if _Armed.countdown == 0:
        os._exit(EXIT_CODE)
