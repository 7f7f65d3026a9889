"""The doctor's verdict on series, and what of it holds against a release."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.operations.releases.upgrade import upgrade
from scripts.operations.status import diagnosis
from tests.unit.operations.fakes import Answer, operation
from tests.unit.operations.releases.test_upgrade import WELL


def test_the_doctor_finds_series_given_up_which_are_no_reason_against_an_upgrade() -> None:
    metrics = "tapeline_producer_series 25.0\ntapeline_producer_series_given_up {}\n"
    one, _, _ = operation(WELL | {"exec --no-TTY producer": metrics.format("0.0")})
    lines, is_well = diagnosis.doctor(one)
    assert ("ok    the API has bars of all series" in lines, is_well) == (True, True)

    one, _, _ = operation(WELL | {"exec --no-TTY producer": metrics.format("3.0")})
    lines, is_well = diagnosis.doctor(one)
    assert [line for line in lines if line.startswith("FAIL")] == [
        "FAIL  the API has bars of all series: 3 of 25 are given up: fab logs --service producer "
        "--grep 'given up'"
    ]
    assert not is_well
    assert len(upgrade(one, lambda _: None)) == 8

    one, _, _ = operation(WELL)  # what tells nothing has not said that all is well
    assert diagnosis.doctor(one)[1] is False


def test_the_doctor_names_the_series_whose_bars_may_not_be_compared() -> None:
    rows = ["AAPL|5min|100|0|1407|2", "IBM|1min|0|9|0|2", *(f"X{n}|1min|1|1|0|2" for n in range(5))]
    noted = _notes("\n".join(rows))
    again = (
        "a premium key has the producer fetch them again, as far back as before or as "
        "HISTORY_MONTHS; those of files are to be imported again"
    )
    counts = ("AAPL 5min", "1407 of unknown basis, 100 as traded"), ("IBM 1min", "9 adjusted")
    assert noted[:2] == [
        f"note  {series} has bars that may not be compared ({told}): {again}"
        for series, told in counts
    ]
    assert noted[5:] == ["note  2 more series are in bi.price_bases"]
    assert _notes((1, "psql: no such view")) == [
        "note  whether all prices can be compared is unknown: psql: no such view"
    ]
    assert _notes("") == []


def test_the_doctor_names_tickers_that_may_have_become_anothers() -> None:
    rows = ["META|2022-06-09|pause, jump", *(f"X{n}|2025-03-03|listed_anew" for n in range(5))]
    noted = _notes("", {"bi.recycled_tickers": "\n".join(rows)})
    assert noted[0] == (
        "note  META may be another instrument from 2022-06-09 on (pause, jump): if it is, "
        "python -m sql.renames add META OWN-NAME 2022-06-09 parts them"
    )
    assert (len(noted), noted[5]) == (6, "note  1 more are in bi.recycled_tickers")
    assert _notes("", {"bi.recycled_tickers": (1, "psql: no such view")}) == [
        "note  whether a ticker became another's is unknown: psql: no such view"
    ]


def test_the_doctor_notes_what_only_a_person_brings_to_a_host() -> None:
    waiting = "engine=29.0.1\nupdate=docker-ce 5:29.0.1-1 5:29.1.3-1\nreboot=linux-image-amd64\n"
    assert _notes("", {"--simulate": waiting}) == [
        "note  the engine has updates (docker-ce 5:29.0.1-1 5:29.1.3-1): fab patch",
        "note  the host wants a restart for linux-image-amd64: sudo systemctl reboot",
    ]
    unknown: dict[str, Answer] = {"--simulate": (1, "E: dpkg was interrupted")}
    assert _notes("", unknown) == ["note  whether updates wait is unknown: E: dpkg was interrupted"]


def _notes(bases: Answer, further: Mapping[str, Answer] | None = None) -> list[str]:
    one, _, _ = operation({**(further or {}), "bi.price_bases": bases, **WELL})
    return [line for line in diagnosis.doctor(one)[0] if line.startswith("note")]


def test_the_doctor_tells_what_keeps_the_services_from_their_kafka() -> None:
    asked = "-m services.common.kafka_cluster.check"
    line = "Kafka at b-1:9096 refuses the user tapeline (no); correct KAFKA_USER, or the password"
    noise = " Container tapeline-topics-run-1 Created"
    verdicts: dict[Answer, str] = {
        (2, f"{line}\n{noise}"): f"FAIL  Kafka takes its clients: {line}",
        (1, noise): "FAIL  Kafka takes its clients: the look at it ended with 1",
        (0, noise): "ok    Kafka takes its clients",
        # A release of before.
        (1, f"python: No module named services\n{noise}"): "ok    Kafka takes its clients",
    }
    for answer, verdict in verdicts.items():
        one, _, _ = operation({asked: answer, **WELL})
        assert verdict in diagnosis.doctor(one)[0]
