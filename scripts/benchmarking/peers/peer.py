"""What the peers that drain Kafka share: where to, which columns, and how they tell their pace."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from typing import Self

from services.stream.decoding.copy_text import LINE_COLUMNS

COLUMNS = ", ".join(LINE_COLUMNS)
_KEY = ("symbol", "interval", "bar_time")


@dataclass(frozen=True)
class Target:
    """A topic that holds `count` bars, and the database they go to; PGPASSWORD is set."""

    bootstrap: str
    topic: str
    partitions: int
    count: int
    port: int
    database: str

    @classmethod
    def parse(cls, arguments: list[str]) -> Self:
        """Return what `words` made."""
        parser = argparse.ArgumentParser()
        for name, kind in cls.__annotations__.items():
            parser.add_argument(name, type={"int": int, "str": str}[kind])
        return cls(**vars(parser.parse_args(arguments)))

    def words(self) -> list[str]:
        """Return the target as a command line."""
        return [str(value) for value in vars(self).values()]

    def dsn(self) -> str:
        """Return libpq's way to the database."""
        return f"host=127.0.0.1 port={self.port} dbname={self.database} user=postgres"

    def jdbc(self) -> str:
        """Return JDBC's way to the database."""
        return f"jdbc:postgresql://127.0.0.1:{self.port}/{self.database}"

    def password(self) -> str:
        """Return the password."""
        return os.environ["PGPASSWORD"]


def upsert(table: str) -> str:
    """Return the clause that lets the newer observation win."""
    values = ", ".join(f"{name} = excluded.{name}" for name in LINE_COLUMNS if name not in _KEY)
    return (
        f"on conflict ({', '.join(_KEY)}) do update set {values} "
        f"where excluded.observed_at > {table}.observed_at"
    )


def report(done: int) -> None:
    """Tell that so many bars are committed by now."""
    print(f"{time.monotonic()} {done}", flush=True)
