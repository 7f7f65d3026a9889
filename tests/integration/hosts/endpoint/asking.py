"""Asks the endpoint, and tells who may come."""

from __future__ import annotations

import psycopg


def first(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]
