"""Cases of the stream."""

from __future__ import annotations

from tests.integration.alerts.cases.case import JOB, Case, events, records, stopped


def stream(metric: str, values: str, **more: str) -> dict[str, str]:
    named = {f"tapeline_stream_{metric}{{{JOB}}}": values}
    return named | {f"tapeline_stream_{name}{{{JOB}}}": given for name, given in more.items()}


STREAM = (
    Case(
        "StreamStalled",
        stream("silent_seconds", "0+10x12 0x20", trigger_seconds="2x40"),
        "30s",
        "40s",
        "2m20s",
    ),
    Case("StreamLags", stream("lag_seconds", "0x5 90x60 0x20"), "5m30s", "6m10s", "11m10s"),
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
        records("0x60 0+10x20 200x100", "0+100x200"),
        "59m",
        "75m",
        "115m",
        "1m",
        also=("RecordsRejectedSlowly",),
    ),
    Case(
        "RecordsRejectedSlowly",
        records("0x60 0+1x300 300x200", "0+100x600"),
        "100m",
        "300m",
        "400m",
        "1m",
    ),
    Case("EventsRejected", events("0x9 0+5x9 45x90", "0+100x110"), "9m", "15m", "90m", "1m"),
    Case(
        "OffsetsLost",
        {f'tapeline_stream_records_total{{{JOB},outcome="lost"}}': "0x30 7x120"},
        "29m",
        "40m",
        "95m",
        "1m",
    ),
    stopped("CheckpointDamaged", "tapeline_stream_stopped", "checkpoint", JOB),
    stopped("RecordsExpired", "tapeline_stream_stopped", "expired", JOB),
    stopped("TopicRecreated", "tapeline_stream_stopped", "topic", JOB),
    stopped("SecondStream", "tapeline_stream_stopped", "second_instance", JOB),
    stopped("StreamFails", "tapeline_stream_stopped", "fault", JOB),
    Case(
        "IndicatorsBehind",
        stream("indicator_unfinished_series", "0x5 3x40 0x20"),
        "30m",
        "37m",
        "50m",
        "1m",
    ),
)
