"""Waits until a role can log in to PostgreSQL and sees the tables; says once what it waits for.

In: POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, ROLE, PGPASSWORD_FILE and libpq's own variables. The
role `postgres`, which makes database and tables, waits for the server alone. An init container of
what needs it: the first install begins all at once, and a pod that has failed is tried again ever
more seldom.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import psycopg


def missing() -> str:
    """Return what is not there yet, or nothing."""
    makes_them = os.environ["ROLE"] == "postgres"
    try:
        with psycopg.connect(
            host=os.environ["POSTGRES_HOST"],
            port=os.environ["POSTGRES_PORT"],
            dbname="postgres" if makes_them else os.environ["POSTGRES_DB"],
            user=os.environ["ROLE"],
            password=Path(os.environ["PGPASSWORD_FILE"]).read_text(encoding="utf-8").strip(),
            connect_timeout=5,
        ) as connection:
            row = connection.execute("select to_regclass('bi.events_stream')").fetchone()
    except psycopg.Error as error:
        return " ".join(str(error).split())
    return "" if makes_them or (row and row[0]) else "the job migrate has not made the tables"


def main() -> None:
    """Ask once a second, until nothing is missing."""
    said = ""
    while reason := missing():
        if reason != said:
            print(f"waiting for PostgreSQL: {reason}", flush=True)  # noqa: T201 - a log it has none
            said = reason
        time.sleep(1)


if __name__ == "__main__":
    main()
