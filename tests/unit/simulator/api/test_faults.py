"""Which call goes wrong."""

from __future__ import annotations

import pytest

from services.simulator.api.faults import Faults, parse_probabilities


def test_listed_faults_come_in_order_then_none() -> None:
    faults = Faults(1, {})

    faults.set(following=["429", "none", "hang"])

    assert [faults.choose() for _ in range(4)] == ["429", None, "hang", None]
    assert faults.state() == {
        "probabilities": {},
        "next": [],
        "symbols": {},
        "served": {"429": 1, "hang": 1},
    }


def test_all_calls_of_a_symbol_go_wrong_and_no_others() -> None:
    faults = Faults(1, {})

    faults.set(following=["hang"], symbols={"DEAD": "empty_object"})

    symbols = ["DEAD", "AAPL", "AAPL", "DEAD"]
    assert [faults.choose(each) for each in symbols] == [
        "empty_object",
        "hang",
        None,
        "empty_object",
    ]


def test_chances_follow_the_seed() -> None:
    def chosen(seed: int) -> list[str | None]:
        faults = Faults(seed, {"429": 0.2, "hang": 0.1})
        return [faults.choose() for _ in range(1000)]

    first = chosen(1)
    assert first == chosen(1)
    assert first != chosen(2)
    assert 140 < first.count("429") < 260
    assert 60 < first.count("hang") < 140


def test_a_list_does_not_shift_the_chances_after_it() -> None:
    plain, listed = Faults(1, {"500": 0.5}), Faults(1, {"500": 0.5})
    listed.set(following=["none"] * 3)

    assert [plain.choose() for _ in range(20)][3:] == [listed.choose() for _ in range(20)][3:]


def test_what_is_not_set_stays() -> None:
    faults = Faults(1, {"500": 0.5})

    faults.set(following=["429"])
    faults.set(probabilities={"hang": 1})

    assert faults.state() == {
        "probabilities": {"hang": 1},
        "next": ["429"],
        "symbols": {},
        "served": {},
    }


def test_words() -> None:
    assert parse_probabilities(["hang:0.01", "429:0.05"]) == {"hang": 0.01, "429": 0.05}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["hang"], "'hang' is not of the form NAME:PROBABILITY", id="no_number"),
        pytest.param(
            ["boom:0.1"], "'boom' is no fault; the faults are 429, 429_until", id="unknown"
        ),
        pytest.param(["hang:1.5"], "the probability of hang is 1.5, not from 0 to 1", id="large"),
        pytest.param(["hang:nan"], "the probability of hang is nan, not from 0 to 1", id="nan"),
        pytest.param(["hang:0.6", "500:0.6"], "the probabilities add up to more than 1", id="sum"),
    ],
)
def test_wrong_words(words: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        parse_probabilities(words)


def test_a_wrong_list_changes_nothing() -> None:
    faults = Faults(1, {})

    with pytest.raises(ValueError, match="'boom'"):
        faults.set({"500": 0.5}, ["boom"])

    assert faults.state() == {"probabilities": {}, "next": [], "symbols": {}, "served": {}}
