"""Cases of the machine, and of what a host tells."""

from __future__ import annotations

from tests.integration.alerts.cases.case import NODE, Case


def disk(free: str) -> dict[str, str]:
    labels = f'{{{NODE},device="overlay",fstype="overlay",mountpoint="/"}}'
    return {
        f"node_filesystem_avail_bytes{labels}": free,
        f"node_filesystem_size_bytes{labels}": "1000x900",
    }


MACHINE = (
    Case("DiskFills", disk("240x60 240-0.5x60 210x200"), "55m", "110m", "190m", "1m"),
    Case("DiskFull", disk("60x9 40x9 60x9"), "1m", "2m", "4m"),
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

DEPLOYED = f"tapeline_deploy_rolled_back{{{NODE}}}"

BACKED_UP = f"tapeline_backup_timestamp_seconds{{{NODE}}}"

DRILLED = f"tapeline_drill_timestamp_seconds{{{NODE}}}"


def certificate(end: str) -> dict[str, str]:
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
    Case("CertificateEnds", certificate("1210200x30 9000000x30"), "9m", "20m", "40m", "1m"),
    Case(
        "CertificateEndsAtOnce",
        certificate("9000000x9 173400x30 9000000x30"),
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
