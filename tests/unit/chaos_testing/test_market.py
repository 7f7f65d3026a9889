"""The market's checker finds what it is there for; a service by a wrong clock follows its file."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from scripts.chaos_testing.checker import Key, Place
from scripts.chaos_testing.faults.episode_plan import Fault, each_on_a_market
from scripts.chaos_testing.faults.wrong_clock import JumpingClock
from scripts.chaos_testing.market_checker import StoredBar, Values, agrees, check_market, values_of
from scripts.launcher.paths import ROOT
from services.common.market.bar import Bar
from tests.bars import bar

UNTIL = "2025-11-06 10:03:00"


def minute(number: int, close: str, observed: int) -> Bar:
    return bar(
        {"open": "1.00", "high": "99.00", "low": "0.50", "close": close, "volume": "7"},
        interval="1min",
        exchange_time=f"2025-11-06 10:{number:02}:00",
        observed_at=f"2025-11-06T15:{observed:02}:00.000Z",
    )


def values(close: str) -> Values:
    return Decimal("1.00"), Decimal("99.00"), Decimal("0.50"), Decimal(close), Decimal(7)


def stored(place: Place, event: Bar) -> StoredBar:
    return StoredBar((event.symbol, event.exchange_time), values_of(event), place)


# The second bar was revised, the third one is sent twice, the last one has not settled yet.
TOPIC: dict[Place, Bar | None] = {
    (0, 0): minute(0, "2.00", 1),
    (0, 1): minute(1, "3.00", 2),
    (0, 2): minute(1, "3.50", 3),
    (0, 3): minute(2, "4.00", 4),
    (0, 4): minute(2, "4.00", 5),
    (0, 5): minute(3, "5.00", 5),
}
TABLE = [stored((0, place), event) for place in (0, 2, 3, 5) if (event := TOPIC[0, place])]
ANSWER: dict[Key, Values] = {
    ("AAPL", f"2025-11-06 10:{number:02}:00"): values(close)
    for number, close in enumerate(("2", "3.5", "4", "5.5"))
}
SOUND = {"lost": 0, "duplicated": 0, "wrong": 0, "stale": 0}


def test_a_sound_market_has_no_finding() -> None:
    assert check_market(ANSWER, TOPIC, TABLE, UNTIL).counts() == SOUND
    assert agrees(ANSWER, TABLE, UNTIL)


@pytest.mark.parametrize(
    ("topic", "table", "found"),
    [
        pytest.param(TOPIC, TABLE[1:], {"lost": 1}, id="a lost row"),
        pytest.param(
            {place: event for place, event in TOPIC.items() if place != (0, 0)},
            TABLE[1:],
            {"lost": 2},
            id="a bar that never reached Kafka",
        ),
        pytest.param(
            TOPIC,
            [TABLE[0], stored((0, 1), minute(1, "3.00", 2)), *TABLE[2:]],
            {"stale": 1},
            id="a stale row",
        ),
        pytest.param(
            TOPIC | {(0, 2): minute(1, "3.50", 1)},
            TABLE,
            {"stale": 1},
            id="a newest value that looks older",
        ),
        pytest.param(TOPIC, [*TABLE, TABLE[0]], {"duplicated": 1}, id="a double"),
        pytest.param(
            TOPIC,
            [replace(TABLE[0], values=values("2.01")), *TABLE[1:]],
            {"wrong": 1, "stale": 1},
            id="a changed value",
        ),
        pytest.param(TOPIC | {(0, 6): None}, TABLE, {"wrong": 1}, id="a record that is no bar"),
    ],
)
def test_what_is_planted_is_found(
    topic: dict[Place, Bar | None], table: list[StoredBar], found: dict[str, int]
) -> None:
    assert check_market(ANSWER, topic, table, UNTIL).counts() == SOUND | found


@pytest.mark.parametrize("table", [TABLE[1:], [replace(TABLE[0], values=values("9"))]])
def test_a_table_that_lags_does_not_agree(table: list[StoredBar]) -> None:
    assert not agrees(ANSWER, table, UNTIL)


def test_a_market_has_these_faults_with_calm_between_them() -> None:
    assert each_on_a_market(away_seconds=12.0, pause_seconds=6.0) == [
        *(
            Fault(kind, target, 2.0, seconds, 0)
            for kind, seconds in (("kill", 3.0), ("terminate", 3.0), ("pause", 6.0))
            for target in ("producer", "simulator")
        ),
        Fault("clock ahead", "producer+stream", 2.0, 8.0, 0),
        Fault("clock behind", "producer+stream", 2.0, 8.0, 0),
        Fault("stay away", "kafka", 2.0, 12.0, 0),
        Fault("fill disk", "postgres", 2.0, 12.0, 0),
        Fault("fill log", "postgres", 2.0, 4.0, 0),
        Fault("fill disk", "kafka", 2.0, 12.0, 0),
    ]


@pytest.mark.parametrize("seconds", [0, 3_600, -3_600])
def test_a_service_by_a_wrong_clock_follows_it(tmp_path: Path, seconds: int) -> None:
    clock = JumpingClock(tmp_path / "clock")
    clock.start()
    clock.jump(seconds)
    (tmp_path / "told.py").write_text(
        "import sys, time\n"
        "from services.common.market.market_clock import MarketClock, utc_now\n"
        "print(sys.argv[1:], *(round(moment - time.time()) for moment in"
        " (utc_now().timestamp(), MarketClock().now().timestamp())), time.time())\n"
    )
    arguments = clock.on([sys.executable, "-P", "-m", "told"])

    told = subprocess.run(
        arguments,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert told[:-1] == ["[]", "0", "0"]
    ahead = float(told[-1]) - (tmp_path / "clock").stat().st_mtime
    assert seconds <= ahead < seconds + 30
