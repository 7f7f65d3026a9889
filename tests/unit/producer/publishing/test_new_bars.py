from __future__ import annotations

from dataclasses import replace

from services.producer.alpha_vantage.parse import fingerprint
from services.producer.publishing.delivery import Record
from services.producer.publishing.new_bars import Intake, take_in
from services.producer.series import Series
from tests.unit.producer.alpha_vantage.test_parse import BAR

SERIES = Series("AAPL", "5min")


def test_only_new_and_changed_bars_become_records() -> None:
    times = ["2025-11-06 19:45:00", "2025-11-06 19:50:00", "2025-11-06 19:55:00"]
    same, changed, new = (replace(BAR, exchange_time=time) for time in times)
    known = {times[0]: fingerprint(same), times[1]: b"another"}
    assert take_in(SERIES, [same, changed, new], known, 1_000) == Intake(
        records=tuple(
            Record(
                SERIES, bar.exchange_time, fingerprint(bar), b"AAPL", bar.to_json(), bar.observed_at
            )
            for bar in (changed, new)
        ),
        too_large=(),
    )


def test_a_bar_that_no_broker_takes_is_set_apart() -> None:
    huge = replace(BAR, ohlcv=BAR.ohlcv._replace(open="9" * 2_000))
    intake = take_in(SERIES, [BAR, huge], {}, 1_000)
    assert [record.value for record in intake.records] == [BAR.to_json()]
    assert [record.value for record in intake.too_large] == [huge.to_json()]
