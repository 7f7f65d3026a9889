"""The doctor's verdict on series, and what of it holds against a release."""

from __future__ import annotations

from scripts.operations import status_report
from scripts.operations.releases.upgrade import upgrade
from tests.unit.operations.fakes import operation
from tests.unit.operations.releases.test_upgrade import WELL


def test_the_doctor_finds_series_given_up_which_are_no_reason_against_an_upgrade() -> None:
    metrics = "tapeline_producer_series 25.0\ntapeline_producer_series_given_up {}\n"
    one, _, _ = operation(WELL | {"exec --no-TTY producer": metrics.format("0.0")})
    lines, is_well = status_report.doctor(one)
    assert ("ok    the API has bars of all series" in lines, is_well) == (True, True)

    one, _, _ = operation(WELL | {"exec --no-TTY producer": metrics.format("3.0")})
    lines, is_well = status_report.doctor(one)
    assert [line for line in lines if line.startswith("FAIL")] == [
        "FAIL  the API has bars of all series: 3 of 25 are given up: fab logs --service producer "
        "--grep 'given up'"
    ]
    assert not is_well
    assert len(upgrade(one, lambda _: None)) == 7

    one, _, _ = operation(WELL)  # what tells nothing has not said that all is well
    assert status_report.doctor(one)[1] is False
