"""The settings of the topics service."""

from __future__ import annotations

import pytest

from services.common.settings import Environment, SettingError
from services.topics.settings import Settings, read_settings


def test_defaults() -> None:
    assert read_settings(Environment({})) == Settings(
        kafka_bootstrap=("127.0.0.1:9092",), log_level="INFO", log_style="text"
    )


def test_every_setting() -> None:
    variables = {
        "KAFKA_BOOTSTRAP": "a:1, b:2",
        "LOG_LEVEL": "DEBUG",
        "LOG_STYLE": "json",
    }
    assert read_settings(Environment(variables)) == Settings(
        kafka_bootstrap=("a:1", "b:2"), log_level="DEBUG", log_style="json"
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param(
            "LOG_STYLE",
            "xml",
            "LOG_STYLE is 'xml'; it must be one of text, json",
            id="style",
        ),
    ],
)
def test_a_wrong_value_names_its_variable(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings(Environment({name: value}))
    assert str(caught.value) == message
