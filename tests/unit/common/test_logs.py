"""Log lines: one an event, in text or JSON, without any secret."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest

from services.common import logs
from services.common.secret import Secret

STAMP = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z"


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    noisy = {name: logging.getLogger(name).level for name in ("kafka", "py4j", "urllib3")}
    yield
    root.handlers[:], root.level = handlers, level
    for name, before in noisy.items():
        logging.getLogger(name).setLevel(before)


def test_text_is_one_line_with_time_level_and_service(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("stream").info("%d records", 3)

    line = capsys.readouterr().out
    assert re.fullmatch(rf"{STAMP} INFO    stream 3 records\n", line)


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("stream", style="json").warning("größer als %s", "ß")

    event = json.loads(capsys.readouterr().out)
    assert re.fullmatch(STAMP, event.pop("time"))
    assert event == {"level": "warning", "service": "stream", "message": "größer als ß"}


@pytest.mark.parametrize("style", ["text", "json"])
def test_secrets_are_gone_from_messages_arguments_and_traces(
    style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log = logs.configure("producer", style=style, secrets=[Secret("s3cr3t"), Secret("0ther")])
    try:
        raise ValueError("apikey=s3cr3t&password=0ther")
    except ValueError:
        log.exception("asked %s", "https://example.org/?apikey=s3cr3t")

    out = capsys.readouterr().out
    assert "s3cr3t" not in out
    assert "0ther" not in out
    assert "asked https://example.org/?apikey=***" in out
    assert "apikey=***&password=***" in out


@pytest.mark.parametrize("value", ['quo"te', "back\\slash", "tab\tinside"])
def test_json_redacts_a_secret_that_json_would_escape(
    value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("producer", style="json", secrets=[Secret(value)]).info("key is %s", value)

    assert json.loads(capsys.readouterr().out)["message"] == "key is ***"


def test_the_level_is_respected_and_a_second_call_replaces_the_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("old")
    log = logs.configure("new", level="WARNING")
    log.info("unseen")
    log.warning("seen")

    assert re.fullmatch(rf"{STAMP} WARNING new seen\n", capsys.readouterr().out)


def test_libraries_that_repeat_the_service_are_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("stream", level="DEBUG")
    logging.getLogger("kafka.conn").error("connection refused")
    logging.getLogger("py4j.clientserver").error("an exception on the Python side")
    logging.getLogger("urllib3.connectionpool").info("a new connection")

    assert capsys.readouterr().out == ""
