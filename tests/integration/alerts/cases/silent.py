"""What raises no alert, near to what does."""

from __future__ import annotations

from tests.integration.alerts.cases.case import (
    POSTGRES,
    PRODUCER,
    XNYS,
    Case,
    archiver,
    events,
    producer,
    records,
)

SILENT = (
    # No archive, one whose pushes fail now and then, a single deadlock.
    Case("", archiver("0x60", "0x60"), "5m", "20m", "60m", "1m"),
    Case("", archiver("0x9 1x50", "0+2x60"), "5m", "12m", "60m", "1m"),
    Case(
        "",
        {f'pg_stat_database_deadlocks{{{POSTGRES},datname="market"}}': "0x9 1x50"},
        "5m",
        "15m",
        "40m",
        "1m",
    ),
    # A bad quote in a thousand, quotes that nobody asks for.
    Case("", events("0x9 0+1x9 9x60", "0+200x90"), "9m", "20m", "70m", "1m"),
    Case(
        "",
        producer("quotes_waiting_seconds", "9999x30", quotes_round_seconds="0x30"),
        "1m",
        "2m",
        "3m",
    ),
    # A closed market, one that has just opened, a full day of calls late in the day, a handful of
    # rejected records and of failed answers, a daily plan without a bound.
    Case(
        "",
        producer("waiting_seconds", "9999x50", XNYS, poll_seconds="1x50", market_open="0x50"),
        "1m",
        "2m",
        "3m",
    ),
    Case(
        "",
        producer("calls_today", "25x1500", calls_a_day="25x1500"),
        "1201m",
        "1300m",
        "1439m",
        "1m",
    ),
    Case("", producer("calls_today", "900x50", calls_a_day="0x50"), "1m", "2m", "3m"),
    Case("", records("0x60 0+1x9 9x1000", "0+1x1100"), "59m", "65m", "70m", "1m"),
    Case(
        "",
        {f'tapeline_producer_answers_total{{{PRODUCER},kind="http_5xx"}}': "0+1x9 9x50"},
        "5m",
        "9m",
        "20m",
        "1m",
    ),
)
