"""Messages of the API are told apart by their wording."""

from __future__ import annotations

import pytest

from services.producer.alpha_vantage.classify import Kind, Verdict
from tests.unit.producer.alpha_vantage.wordings import ERROR_MESSAGE, INFORMATION, classified


@pytest.mark.parametrize(("kind", "text"), INFORMATION.values(), ids=INFORMATION)
def test_information_is_told_by_its_wording(kind: Kind, text: str) -> None:
    assert classified({"Information": text}) == Verdict(kind, text[:240])


@pytest.mark.parametrize(("kind", "text"), ERROR_MESSAGE.values(), ids=ERROR_MESSAGE)
def test_error_message_is_told_by_its_wording(kind: Kind, text: str) -> None:
    assert classified({"Error Message": text}) == Verdict(kind, text[:240])
