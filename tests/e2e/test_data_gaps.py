"""A stretch that no answer of the vendor closes: the producer tells of it, and bi.data_gaps shows
it slot by slot, after the real Kafka, Spark and PostgreSQL.
"""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from tests.e2e.recorded import RecordedBar, write_csv
from tests.e2e.test_fail_points_producer import sent
from tests.e2e.test_real_bars import Pipeline, clock_at, pipeline
from tests.fixtures.live import end, log_of, wait_for
from tests.fixtures.market import Topic

__all__ = ["pipeline"]

# Between them are no holidays of the exchange, and the end of daylight saving time.
FIRST, LEFT, BACK = date(2018, 8, 20), date(2018, 8, 30), date(2018, 11, 14)
HOLIDAY = date(2018, 9, 3)
ASKED = {"SYMBOLS": "P00", "INTERVALS": "60min", "POLL_SECONDS": "600"}
GAPS = """
select session_date, sum(bars)::int from bi.data_gaps
where symbol = 'P00' and interval = '60min' and session_date <= %s group by 1 order by 1
"""


def hourly() -> list[RecordedBar]:
    """Return a bar for each slot of the sessions in question."""
    days = (FIRST + timedelta(days=number) for number in range((BACK - FIRST).days + 1))
    return [
        RecordedBar("P00", "60min", f"{day} {hour:02}:00:00", "2", "4", "1", "3", "9", "US/Eastern")
        for day in days
        if day.weekday() < 5 and day != HOLIDAY
        for hour in range(9, 16)
    ]


def test_a_gap_that_no_answer_closes_is_told_and_shown(
    pipeline: Pipeline, bars_topic: Topic, tmp_path: Path
) -> None:
    bars = hourly()
    file = write_csv(bars, tmp_path / "bars.csv")
    pipeline.stream.start()
    clock = clock_at(f"{LEFT}T21:00:00")
    first = pipeline.start_producer(
        pipeline.start_simulator(file, clock, faults=""), clock, **ASKED
    )
    known = sum(bar.exchange_time < f"{LEFT} 24" for bar in bars)
    pipeline.wait_until_stored(known)
    assert end(first)[0] == 0

    (tmp_path / "url").unlink()
    clock = clock_at(f"{BACK}T22:00:00")
    url = pipeline.start_simulator(file, clock, faults="")
    cut_short = json.dumps({"next": ["short"] * 5}).encode()
    faults = urllib.request.Request(  # noqa: S310 - the simulator's own
        url.removesuffix("/query") + "/faults", cut_short, method="PUT"
    )
    urllib.request.urlopen(faults, timeout=10).close()  # noqa: S310 - as above
    again = pipeline.start_producer(url, clock, **ASKED)
    told = "that were missed were in no answer of the API; bi.data_gaps shows them"
    wait_for(lambda: told in log_of(again), "the gap to be told")
    assert end(again)[0] == 0

    came = sent(bars_topic)
    pipeline.wait_until_stored(len(came))
    every_slot = {bar.exchange_time for bar in bars}
    missed = Counter(
        date.fromisoformat(time[:10]) for time in every_slot - {time for _, time in came}
    )
    assert len(missed) > 20
    assert pipeline.stream.market.rows(GAPS, (BACK,), "powerbi_reader") == sorted(missed.items())
