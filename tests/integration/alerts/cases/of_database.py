"""Cases of the database."""

from __future__ import annotations

from tests.integration.alerts.cases.case import POSTGRES, SETTINGS, Case, archiver

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
    # The last segment went 20 s before the target did; three tries a minute fail then.
    Case(
        "ArchiveFails",
        archiver("0x12 3x6 6x6 9x60", "0+1x10 10x14 11+1x60"),
        "2m",
        "2m50s",
        "4m40s",
    ),
    # One try fails, the next one works.
    Case("", archiver("0x12 1x60", "0+1x12 12+1x60"), "1m", "2m10s", "3m"),
    # What is thrown away counts as archived.
    Case(
        "ArchiveGap",
        {f"archive_gap_seconds{{{SETTINGS}}}": "0x5 10+10x12 0x30"}
        | archiver("0x12 3x6 3x60", "0+1x80"),
        "50s",
        "1m30s",
        "4m",
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
