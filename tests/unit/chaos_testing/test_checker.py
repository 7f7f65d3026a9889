"""The checker finds what it is there for, and the load and the faults follow their seed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from scripts.chaos_testing.checker import Place, Row, Tables, check, key_of, value_of
from scripts.chaos_testing.cluster import Cluster
from scripts.chaos_testing.faults.episode_plan import draw
from scripts.chaos_testing.workload import Operation, operations, symbols
from scripts.local_stack.servers.processes import Command
from services.common.market.bar import Bar, normal_symbol

COUNT = 400
OPERATIONS = list(islice(operations(7, 3), COUNT))
TOPIC = {
    (number % 3, number): (operation.value, operation.bar)
    for number, operation in enumerate(OPERATIONS)
}
ACKNOWLEDGED = [operation.value for operation in OPERATIONS]


def row(place: Place, event: Bar) -> Row:
    seen = datetime.fromisoformat(event.observed_at)
    return Row(key_of(event), value_of(event), seen, place)


def stored() -> Tables:
    """Return what a sound pipeline holds after all operations, taken one by one."""
    current: dict[tuple[str, str], Row] = {}
    replaced = []
    for place, (_, event) in TOPIC.items():
        if event is None:
            continue
        new = row(place, event)
        old = current.get(new.key)
        if old is None or new.observed_at > old.observed_at:
            replaced += [old] if old is not None else []
            current[new.key] = new
    refused = {place: value for place, (value, event) in TOPIC.items() if event is None}
    return Tables(list(current.values()), replaced, refused)


SOUND = stored()
CORRECTED = next(new for new in SOUND.current if any(old.key == new.key for old in SOUND.replaced))
REPLACED = next(old for old in SOUND.replaced if old.key == CORRECTED.key)
REFUSED = next(iter(SOUND.refused))


def others(gone: Row) -> list[Row]:
    return [row for row in SOUND.current if row != gone]


def test_a_sound_pipeline_has_no_finding() -> None:
    assert check(ACKNOWLEDGED, TOPIC, SOUND).counts() == {
        "lost": 0,
        "duplicated": 0,
        "wrong": 0,
        "stale": 0,
    }


@pytest.mark.parametrize(
    ("damaged", "found"),
    [
        pytest.param(replace(SOUND, current=others(CORRECTED)), {"lost": 1}, id="a lost bar"),
        pytest.param(
            replace(SOUND, current=[*SOUND.current, CORRECTED]), {"duplicated": 3}, id="a double"
        ),
        pytest.param(
            replace(SOUND, replaced=[*SOUND.replaced, REPLACED]),
            {"duplicated": 2},
            id="a duplicated revision",
        ),
        pytest.param(
            replace(
                SOUND,
                current=[*others(CORRECTED), REPLACED],
                replaced=[row for row in SOUND.replaced if row != REPLACED],
            ),
            {"stale": 1},
            id="a stale bar",
        ),
        pytest.param(
            replace(
                SOUND, current=[*others(CORRECTED), replace(CORRECTED, value=(Decimal(-1), None))]
            ),
            {"wrong": 1, "stale": 1},
            id="a changed value",
        ),
        pytest.param(
            replace(
                SOUND, refused={key: SOUND.refused[key] for key in SOUND.refused if key != REFUSED}
            ),
            {"lost": 1},
            id="a lost rejection",
        ),
        pytest.param(
            replace(SOUND, refused={**SOUND.refused, REFUSED: b"other"}),
            {"wrong": 1},
            id="a changed rejection",
        ),
        pytest.param(
            replace(SOUND, refused={**SOUND.refused, CORRECTED.place: b"good"}),
            {"wrong": 1},
            id="a good bar rejected",
        ),
    ],
)
def test_what_is_planted_is_found(damaged: Tables, found: dict[str, int]) -> None:
    sound = dict.fromkeys(("lost", "duplicated", "wrong", "stale"), 0)
    assert check(ACKNOWLEDGED, TOPIC, damaged).counts() == sound | found


def test_an_acknowledged_record_that_kafka_does_not_hold_is_lost() -> None:
    assert check([*ACKNOWLEDGED, b"gone"], TOPIC, SOUND).lines() == [
        "lost: acknowledged, not in Kafka: b'gone'"
    ]


def test_no_two_values_of_a_load_are_alike_but_those_of_repeats() -> None:
    kinds = {operation.kind for operation in OPERATIONS}
    assert kinds == {"new", "correction", "repeat", "late", "rejected"}
    once = [operation.value for operation in OPERATIONS if operation.kind != "repeat"]
    assert len({*once}) == len(once)


def test_every_market_is_in_the_load() -> None:
    bars = [operation.bar for operation in OPERATIONS if operation.bar is not None]
    assert {bar.symbol for bar in bars} == {*symbols(3)}
    assert all(normal_symbol(symbol) == symbol for symbol in symbols(99_999))
    assert len({symbol for episode in range(30) for symbol in symbols(episode)}) == 30 * 12
    without = {bar.symbol.partition(":")[0] for bar in bars if bar.ohlcv.volume is None}
    assert without == {"FX", "INDEX"}
    assert {bar.interval for bar in bars if bar.symbol.startswith("INDEX:")} == {"1d"}


def test_a_seed_gives_the_same_episode_again() -> None:
    def load(seed: int) -> list[Operation]:
        return list(islice(operations(seed, 1), 50))

    assert load(5) == load(5) != load(6)
    assert draw(5, 5.0) == draw(5, 5.0)
    assert len({tuple(draw(seed, 5.0)) for seed in range(50)}) == 50


class Sleeping(Cluster):
    """A cluster whose stream does nothing."""

    def stream_command(self) -> Command:
        return Command("stream", ["sh", "-c", "exec sleep 60", "main"], self.directory / "log")


@pytest.mark.parametrize("name", ["second", "replay"])
def test_what_runs_beside_the_stream_is_there_once_and_ends_with_the_cluster(
    name: str, tmp_path: Path
) -> None:
    cluster = Sleeping(tmp_path)
    start = {"second": cluster.start_second_stream, "replay": cluster.start_replay}[name]
    with cluster.proxy:
        start()
        first = cluster.children[name]
        start()
        assert (cluster.children, first.is_running()) == ({name: first}, True)
        cluster.stop()
        assert not first.is_running()
        start()
        assert cluster.children[name].is_running()
        cluster.stop()
