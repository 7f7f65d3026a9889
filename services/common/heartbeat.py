"""A file that says when a service last did its work, and the health check that reads it.

`python -m services.common.heartbeat FILE --max-age SECONDS` exits 0 while the file is fresh,
and 1 with a line that says how old it is; containers use it as their health check.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Heartbeat:
    """Marks a file; the mark's age is the file's age."""

    file: Path

    def beat(self) -> None:
        """Say that the service has just done its work."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.touch()

    def age_seconds(self, now_seconds: float) -> float | None:
        """Return the age of the last beat in seconds, or None if there was none."""
        try:
            return now_seconds - self.file.stat().st_mtime
        except FileNotFoundError:
            return None


def main(arguments: list[str] | None = None) -> int:
    """Check a heartbeat from the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.common.heartbeat",
        description="Exit 0 if FILE was marked within the last SECONDS, else 1.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the service's heartbeat file")
    parser.add_argument("--max-age", type=float, default=60.0, metavar="SECONDS")
    options = parser.parse_args(arguments)
    age = Heartbeat(options.file).age_seconds(time.time())
    if age is None:
        print(f"unhealthy: {options.file} was never marked")  # noqa: T201 - the check's answer
        return 1
    healthy = age <= options.max_age
    word = "healthy" if healthy else "unhealthy"
    print(f"{word}: last mark {age:.0f} s ago, limit {options.max_age:.0f} s")  # noqa: T201
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main())
