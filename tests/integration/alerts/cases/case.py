"""How each alert comes and goes: series that a target tells, and three instants of theirs.

The values are in promtool's notation: `0+10x9` begins at 0 and adds 10 nine times, `_` is a scrape
without an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

JOB = 'job="stream",instance="stream:9464"'

PRODUCER = 'job="producer",instance="producer:9464"'

NODE = 'job="node",instance="node-exporter:9100"'

POSTGRES = 'job="postgres",instance="postgres-exporter:9187"'

SETTINGS = f'{POSTGRES},server="postgres:5432"'

XNYS = ',exchange="XNYS"'


@dataclass(frozen=True)
class Case:
    """An alert that is silent at `before`, fires at `during` and has gone at `after`; with those
    that `also` fire. No name: a case that raises none."""

    alert: str
    series: Mapping[str, str]
    before: str
    during: str
    after: str
    interval: str = "10s"
    also: Sequence[str] = ()


def stopped(alert: str, metric: str, cause: str, labels: str) -> Case:
    """A run ended so; the next ones tell it, with nothing in between, until one works."""
    values = "0x5 1 1 _x6 1 1 _x6 1 0x60"
    return Case(alert, {f'{metric}{{{labels},cause="{cause}"}}': values}, "50s", "3m20s", "4m")


def records(rejected: str, stored: str) -> dict[str, str]:
    return {
        f'tapeline_stream_records_total{{{JOB},outcome="rejected"}}': rejected,
        f'tapeline_stream_records_total{{{JOB},outcome="stored"}}': stored,
        f'tapeline_stream_records_total{{{JOB},outcome="lost"}}': "0x2000",
    }


def events(rejected: str, stored: str) -> dict[str, str]:
    labels = f'{JOB},events="quotes"'
    return {
        f'tapeline_stream_event_records_total{{{labels},outcome="rejected"}}': rejected,
        f'tapeline_stream_event_records_total{{{labels},outcome="stored"}}': stored,
    }


def producer(metric: str, values: str, labels: str = "", **more: str) -> dict[str, str]:
    all_labels = f"{PRODUCER}{labels}"
    named = {f"tapeline_producer_{metric}{{{all_labels}}}": values}
    return named | {
        f"tapeline_producer_{name}{{{all_labels}}}": given for name, given in more.items()
    }


def archiver(failed: str, archived: str) -> dict[str, str]:
    return {
        f"pg_stat_archiver_failed_count{{{SETTINGS}}}": failed,
        f"pg_stat_archiver_archived_count{{{SETTINGS}}}": archived,
    }
