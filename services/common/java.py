"""Options that every Java of the pipeline shares."""

from __future__ import annotations

from pathlib import Path


def archive_options(archive: Path) -> list[str]:
    """Return what lets Java load its classes from this archive, without a word if it does not fit.

    Mapped where it was made for, an archive stays as it is on disk, and its pages are the page
    cache's. By default Java takes another address at each start and rewrites every page: 140 MiB
    of memory, and a part of a second.
    """
    return [
        f"-XX:SharedArchiveFile={archive}",
        "-Xlog:cds=off",
        "-XX:+UnlockDiagnosticVMOptions",
        "-XX:ArchiveRelocationMode=0",
    ]
