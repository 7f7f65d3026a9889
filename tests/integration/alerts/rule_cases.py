"""How each alert comes and goes: series that a target tells, and three instants of theirs.

The values are in promtool's notation: `0+10x9` begins at 0 and adds 10 nine times, `_` is a scrape
without an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

JOB = 'job="stream",instance="stream:9464"'
PRODUCER = 'job="producer",instance="producer:9464"'


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


def _stopped(alert: str, metric: str, cause: str, labels: str) -> Case:
    """A run ended so; the next ones tell it, with nothing in between, until one works."""
    values = "0x5 1 1 _x6 1 1 _x6 1 0x60"
    return Case(alert, {f'{metric}{{{labels},cause="{cause}"}}': values}, "50s", "3m20s", "4m")


def _records(rejected: str, stored: str) -> dict[str, str]:
    return {
        f'tapeline_stream_records_total{{{JOB},outcome="rejected"}}': rejected,
        f'tapeline_stream_records_total{{{JOB},outcome="stored"}}': stored,
        f'tapeline_stream_records_total{{{JOB},outcome="lost"}}': "0x2000",
    }


def _stream(metric: str, values: str, **more: str) -> dict[str, str]:
    named = {f"tapeline_stream_{metric}{{{JOB}}}": values}
    return named | {f"tapeline_stream_{name}{{{JOB}}}": given for name, given in more.items()}


def _producer(metric: str, values: str, labels: str = "", **more: str) -> dict[str, str]:
    all_labels = f"{PRODUCER}{labels}"
    named = {f"tapeline_producer_{metric}{{{all_labels}}}": values}
    return named | {
        f"tapeline_producer_{name}{{{all_labels}}}": given for name, given in more.items()
    }


def _events(rejected: str, stored: str) -> dict[str, str]:
    labels = f'{JOB},events="quotes"'
    return {
        f'tapeline_stream_event_records_total{{{labels},outcome="rejected"}}': rejected,
        f'tapeline_stream_event_records_total{{{labels},outcome="stored"}}': stored,
    }


XNYS = ',exchange="XNYS"'
STREAM = (
    Case(
        "StreamStalled",
        _stream("silent_seconds", "0+10x12 0x20", trigger_seconds="2x40"),
        "30s",
        "40s",
        "2m20s",
    ),
    Case("StreamLags", _stream("lag_seconds", "0x5 90x60 0x20"), "5m30s", "6m10s", "11m10s"),
    Case(
        "StreamRetries",
        {f'tapeline_stream_retries_total{{{JOB},fault="57P01"}}': "0x10 0+2x10 20x40"},
        "12m",
        "22m",
        "45m",
        "1m",
    ),
    Case(
        "RecordsRejectedFast",
        _records("0x60 0+10x20 200x100", "0+100x200"),
        "59m",
        "75m",
        "115m",
        "1m",
        also=("RecordsRejectedSlowly",),
    ),
    Case(
        "RecordsRejectedSlowly",
        _records("0x60 0+1x300 300x200", "0+100x600"),
        "100m",
        "300m",
        "400m",
        "1m",
    ),
    Case("EventsRejected", _events("0x9 0+5x9 45x90", "0+100x110"), "9m", "15m", "90m", "1m"),
    Case(
        "OffsetsLost",
        {f'tapeline_stream_records_total{{{JOB},outcome="lost"}}': "0x30 7x120"},
        "29m",
        "40m",
        "95m",
        "1m",
    ),
    _stopped("CheckpointDamaged", "tapeline_stream_stopped", "checkpoint", JOB),
    _stopped("RecordsExpired", "tapeline_stream_stopped", "expired", JOB),
    _stopped("TopicRecreated", "tapeline_stream_stopped", "topic", JOB),
    _stopped("SecondStream", "tapeline_stream_stopped", "second_instance", JOB),
    _stopped("StreamFails", "tapeline_stream_stopped", "fault", JOB),
    Case(
        "IndicatorsBehind",
        _stream("indicator_unfinished_series", "0x5 3x40 0x20"),
        "30m",
        "37m",
        "50m",
        "1m",
    ),
)
OF_PRODUCER = (
    Case(
        "BarsStale",
        _producer(
            "waiting_seconds",
            "0+10x30 0x30",
            XNYS,
            poll_seconds="12x80",
            market_open="1x80",
        ),
        "2m30s",
        "2m50s",
        "5m30s",
    ),
    Case(
        "QuotesStale",
        _producer("quotes_waiting_seconds", "0+10x40 0x30", quotes_round_seconds="60x80"),
        "5m",
        "5m20s",
        "7m",
    ),
    Case("ApiAway", _producer("unanswered_calls", "0x3 1 2 3x9 0x9"), "40s", "60s", "2m40s"),
    Case(
        "ApiAnswersFail",
        {
            f'tapeline_producer_answers_total{{{PRODUCER},kind="data"}}': "0+1x20 20x20 20+5x40",
            f'tapeline_producer_answers_total{{{PRODUCER},kind="http_5xx"}}': "0x20 0+4x20 80x40",
        },
        "20m",
        "35m",
        "60m",
        "1m",
    ),
    Case(
        "QuotaUsedUp",
        _producer("calls_today", "20+1x5 25x40 0x20", calls_a_day="25x80"),
        "4m",
        "6m",
        "47m",
        "1m",
    ),
    _stopped("KeyRefused", "tapeline_producer_stopped", "key_refused", PRODUCER),
    _stopped("AllSeriesRefused", "tapeline_producer_stopped", "all_refused", PRODUCER),
    _stopped("ProducerFails", "tapeline_producer_stopped", "state", PRODUCER),
    Case("SeriesGivenUp", _producer("series_given_up", "0x5 2x20 0x9"), "1m40s", "2m30s", "4m50s"),
    Case("BarsRefused", _producer("bars_refused_total", "0x5 1x60"), "5m", "10m", "25m", "1m"),
    Case("KafkaTakesNothing", _producer("stuck_seconds", "0+10x9 0x9"), "30s", "40s", "1m50s"),
    Case("ProducerHangs", _producer("beats_total", "0+5x9 45x9 45+5x9"), "1m", "2m40s", "3m30s"),
    Case("ClockOff", _producer("clock_offset_seconds", "0x3 -3600x9 1x9"), "30s", "1m", "3m"),
    Case(
        "CalendarEnds",
        _producer("calendar_end_timestamp_seconds", "2592300x20 99999999x9", XNYS),
        "5m",
        "6m",
        "22m",
        "1m",
    ),
)
NODE = 'job="node",instance="node-exporter:9100"'


def _disk(free: str) -> dict[str, str]:
    labels = f'{{{NODE},device="overlay",fstype="overlay",mountpoint="/"}}'
    return {
        f"node_filesystem_avail_bytes{labels}": free,
        f"node_filesystem_size_bytes{labels}": "1000x900",
    }


MACHINE = (
    Case("DiskFills", _disk("240x60 240-0.5x60 210x200"), "55m", "110m", "190m", "1m"),
    Case("DiskFull", _disk("60x9 40x9 60x9"), "1m", "2m", "4m"),
    Case(
        "MemoryShort",
        {
            f"node_memory_MemAvailable_bytes{{{NODE}}}": "60x9 40x20 60x20",
            f"node_memory_MemTotal_bytes{{{NODE}}}": "1000x50",
        },
        "15m",
        "21m",
        "35m",
        "1m",
    ),
    Case(
        "ClockNotKept",
        {
            f"node_timex_sync_status{{{NODE}}}": "1x9 0x30 1x20",
            f"node_timex_maxerror_seconds{{{NODE}}}": "16x60",
        },
        "15m",
        "30m",
        "46m",
        "1m",
    ),
)
DEPLOYED = f"tapeline_deploy_rolled_back{{{NODE}}}"
BACKED_UP = f"tapeline_backup_timestamp_seconds{{{NODE}}}"
DRILLED = f"tapeline_drill_timestamp_seconds{{{NODE}}}"


def _certificate(end: str) -> dict[str, str]:
    """Valid for ninety days, or for as long as is left of them."""
    return {
        f"tapeline_certificate_begin_timestamp_seconds{{{NODE}}}": "-6566400x4000",
        f"tapeline_certificate_end_timestamp_seconds{{{NODE}}}": end,
    }


FIGURES = (
    Case(
        "NoBackup",
        {DEPLOYED: "0x1500", DRILLED: "0x1500", BACKED_UP: "_x1450 87000x50"},
        "1439m",
        "1441m",
        "1452m",
        "1m",
    ),
    Case(
        "NoDrill",
        {DEPLOYED: "0x1500", BACKED_UP: "0+60x1500", DRILLED: "_x1450 87000x50"},
        "1439m",
        "1441m",
        "1452m",
        "1m",
    ),
    # 14 days are left after 10 minutes; it is renewed after 30.
    Case("CertificateEnds", _certificate("1210200x30 9000000x30"), "9m", "20m", "40m", "1m"),
    Case(
        "CertificateEndsAtOnce",
        _certificate("9000000x9 173400x30 9000000x30"),
        "5m",
        "20m",
        "45m",
        "1m",
        also=("CertificateEnds",),
    ),
    Case(
        "EngineOutdated",
        {f"tapeline_engine_updates{{{NODE}}}": "2x1445 0x50"},
        "1439m",
        "1441m",
        "1450m",
        "1m",
    ),
)
ALERTS = 'job="alerts",instance="alerts:9464"'
MARKET_ALERTS = (
    Case(
        "MarketAlertsStalled",
        {f"tapeline_alerts_silent_seconds{{{ALERTS}}}": "1x3 0+10x9 0x9"},
        "1m30s",
        "2m",
        "2m30s",
    ),
    Case(
        "MarketAlertsBehind",
        {f"tapeline_alerts_work_rows{{{ALERTS}}}": "9x3 20000x30 9x9"},
        "2m20s",
        "3m",
        "6m",
    ),
    Case(
        "MarketAlertsUndelivered",
        {f'tapeline_alerts_oldest_pending_seconds{{{ALERTS},receiver="desk"}}': "0+60x15 0x9"},
        "10m",
        "12m",
        "20m",
        "1m",
    ),
    Case(
        "MarketAlertsGivenUp",
        {
            f'tapeline_alerts_tries_total{{{ALERTS},receiver="desk",outcome="given_up"}}': (
                "0x9 2x120"
            )
        },
        "9m",
        "15m",
        "80m",
        "1m",
    ),
    Case(
        "MarketAlertsFileWrong",
        {f"tapeline_alerts_file_is_wrong{{{ALERTS}}}": "0x5 1x9 0x9"},
        "50s",
        "1m20s",
        "3m",
    ),
)
POSTGRES = 'job="postgres",instance="postgres-exporter:9187"'
SETTINGS = f'{POSTGRES},server="postgres:5432"'


def _archiver(failed: str, archived: str) -> dict[str, str]:
    return {
        f"pg_stat_archiver_failed_count{{{SETTINGS}}}": failed,
        f"pg_stat_archiver_archived_count{{{SETTINGS}}}": archived,
    }


DATABASE = (
    Case("DatabaseAway", {f"pg_up{{{POSTGRES}}}": "1x5 0x9 1x9"}, "1m10s", "1m20s", "2m40s"),
    # It hangs: the exporter has no answer in time, and tells nothing.
    Case(
        "DatabaseAway",
        {f"up{{{POSTGRES}}}": "1x5 0x9 1x9", f"pg_up{{{POSTGRES}}}": "1x5 _x10 1x9"},
        "1m10s",
        "1m20s",
        "2m40s",
    ),
    Case(
        "ArchiveFails",
        _archiver("0x10 0+3x15 45x30", "0+2x10 20x15 20+2x30"),
        "9m",
        "20m",
        "35m",
        "1m",
    ),
    Case(
        "WalGrows",
        {
            f"pg_wal_size_bytes{{{POSTGRES}}}": "1000x9 1600x20 1000x30",
            f"pg_settings_max_wal_size_bytes{{{SETTINGS}}}": "1000x60",
        },
        "14m",
        "20m",
        "35m",
        "1m",
    ),
    Case(
        "ConnectionsNearLimit",
        {
            f'pg_stat_database_numbackends{{{POSTGRES},datname="market"}}': "60x9 68x20 60x30",
            f'pg_stat_database_numbackends{{{POSTGRES},datname="postgres"}}': "1x60",
            f"pg_settings_max_connections{{{SETTINGS}}}": "80x60",
        },
        "11m",
        "20m",
        "35m",
        "1m",
    ),
    Case(
        "Deadlocks",
        {f'pg_stat_database_deadlocks{{{POSTGRES},datname="market"}}': "0x9 0+1x9 9x40"},
        "9m",
        "18m",
        "45m",
        "1m",
    ),
    Case(
        "TransactionLong",
        {f"pg_long_running_transactions_oldest_timestamp_seconds{{{POSTGRES}}}": "0+60x70 0x9"},
        "60m",
        "65m",
        "75m",
        "1m",
    ),
)
# Time begins at 0: what was before it is so long ago.
HOST = (
    Case(
        "BackupOld",
        {f"tapeline_backup_timestamp_seconds{{{NODE}}}": "-93000x20 600x20"},
        "9m",
        "15m",
        "25m",
        "1m",
    ),
    Case(
        "DrillOld",
        {f"tapeline_drill_timestamp_seconds{{{NODE}}}": "-3023400x20 600x20"},
        "9m",
        "15m",
        "25m",
        "1m",
    ),
    Case(
        "DeployRolledBack",
        {f"tapeline_deploy_rolled_back{{{NODE}}}": "0x9 1x9 0x9"},
        "1m",
        "2m",
        "3m50s",
    ),
)
TARGETS = (
    Case(
        "TargetGone",
        {'up{job="stream",instance="stream:9464"}': "1x5 0x9 1x9"},
        "1m10s",
        "1m20s",
        "2m40s",
    ),
    Case(
        "RulesFail",
        {'prometheus_rule_evaluation_failures_total{rule_group="stream"}': "0x9 3x60"},
        "9m",
        "12m",
        "20m",
        "1m",
    ),
    Case(
        "NoticesFail",
        {
            'alertmanager_notifications_failed_total{integration="webhook",reason="other"}': (
                "0x9 3x60"
            )
        },
        "9m",
        "12m",
        "20m",
        "1m",
    ),
)
SILENT = (
    # No archive, one whose pushes fail now and then, a single deadlock.
    Case("", _archiver("0x60", "0x60"), "5m", "20m", "60m", "1m"),
    Case("", _archiver("0x9 1x50", "0+2x60"), "5m", "12m", "60m", "1m"),
    Case(
        "",
        {f'pg_stat_database_deadlocks{{{POSTGRES},datname="market"}}': "0x9 1x50"},
        "5m",
        "15m",
        "40m",
        "1m",
    ),
    # A bad quote in a thousand, quotes that nobody asks for.
    Case("", _events("0x9 0+1x9 9x60", "0+200x90"), "9m", "20m", "70m", "1m"),
    Case(
        "",
        _producer("quotes_waiting_seconds", "9999x30", quotes_round_seconds="0x30"),
        "1m",
        "2m",
        "3m",
    ),
    # A closed market, one that has just opened, a full day of calls late in the day, a handful of
    # rejected records and of failed answers, a daily plan without a bound.
    Case(
        "",
        _producer("waiting_seconds", "9999x50", XNYS, poll_seconds="1x50", market_open="0x50"),
        "1m",
        "2m",
        "3m",
    ),
    Case(
        "",
        _producer("calls_today", "25x1500", calls_a_day="25x1500"),
        "1201m",
        "1300m",
        "1439m",
        "1m",
    ),
    Case("", _producer("calls_today", "900x50", calls_a_day="0x50"), "1m", "2m", "3m"),
    Case("", _records("0x60 0+1x9 9x1000", "0+1x1100"), "59m", "65m", "70m", "1m"),
    Case(
        "",
        {f'tapeline_producer_answers_total{{{PRODUCER},kind="http_5xx"}}': "0+1x9 9x50"},
        "5m",
        "9m",
        "20m",
        "1m",
    ),
)
ALL = (
    *STREAM,
    *OF_PRODUCER,
    *MACHINE,
    *HOST,
    *FIGURES,
    *DATABASE,
    *MARKET_ALERTS,
    *TARGETS,
    *SILENT,
)
