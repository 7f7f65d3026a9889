"""Cases of the producer."""

from __future__ import annotations

from tests.integration.alerts.cases.case import PRODUCER, XNYS, Case, producer, stopped

OF_PRODUCER = (
    Case(
        "BarsStale",
        producer(
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
        producer("quotes_waiting_seconds", "0+10x40 0x30", quotes_round_seconds="60x80"),
        "5m",
        "5m20s",
        "7m",
    ),
    Case("ApiAway", producer("unanswered_calls", "0x3 1 2 3x9 0x9"), "40s", "60s", "2m40s"),
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
        producer("calls_today", "20+1x5 25x40 0x20", calls_a_day="25x80"),
        "4m",
        "6m",
        "47m",
        "1m",
    ),
    stopped("KeyRefused", "tapeline_producer_stopped", "key_refused", PRODUCER),
    stopped("AllSeriesRefused", "tapeline_producer_stopped", "all_refused", PRODUCER),
    stopped("ProducerFails", "tapeline_producer_stopped", "state", PRODUCER),
    Case("SeriesGivenUp", producer("series_given_up", "0x5 2x20 0x9"), "1m40s", "2m30s", "4m50s"),
    Case("BarsRefused", producer("bars_refused_total", "0x5 1x60"), "5m", "10m", "25m", "1m"),
    Case("KafkaTakesNothing", producer("stuck_seconds", "0+10x9 0x9"), "30s", "40s", "1m50s"),
    Case("ProducerHangs", producer("beats_total", "0+5x9 45x9 45+5x9"), "1m", "2m40s", "3m30s"),
    Case("ClockOff", producer("clock_offset_seconds", "0x3 -3600x9 1x9"), "30s", "1m", "3m"),
    Case(
        "CalendarEnds",
        producer("calendar_end_timestamp_seconds", "2592300x20 99999999x9", XNYS),
        "5m",
        "6m",
        "22m",
        "1m",
    ),
)
