"""Settings: typed values out of a mapping, and one clear line for a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.settings import Environment, SettingError


def env(**variables: str) -> Environment:
    return Environment(variables)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env(NAME=" x ").text("NAME"), "x"),
        (lambda: env(NAME="  ").text("NAME", "y"), "y"),
        (lambda: env().text("NAME", ""), ""),
        (lambda: env(N="+7").integer("N", 1, 0, 9), 7),
        (lambda: env(N="-7").integer("N", 1, -9, 9), -7),
        (lambda: env().integer("N", 1, 0, 9), 1),
        (lambda: env(N="1e-1").number("N", 1.0, 0.0, 1.0), 0.1),
        (lambda: env(N="b").choice("N", "a", ("a", "b")), "b"),
        (lambda: env(N="true").flag("N", default=False), True),
        (lambda: env().flag("N", default=True), True),
        (lambda: env(N="a, b,,a ,c").words("N", ""), ("a", "b", "c")),
        (lambda: env().words("N", ""), ()),
        (lambda: env(N="/x/y").path("N"), Path("/x/y")),
    ],
    ids=[
        "text is stripped",
        "blank counts as unset",
        "an empty default",
        "a sign",
        "a negative number",
        "an unset integer",
        "an exponent",
        "a choice",
        "true",
        "an unset flag",
        "words without blanks and repeats",
        "no words",
        "a path",
    ],
)
def test_a_right_value_is_read(read: Callable[[], object], value: object) -> None:
    assert read() == value


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: env().text("NAME"), "NAME is not set, and there is no default for it"),
        (
            lambda: env(N="ten").integer("N", 1, 0, 9),
            "N is 'ten'; it must be a whole number from 0 to 9",
        ),
        (
            lambda: env(N="10").integer("N", 1, 0, 9),
            "N is '10'; it must be a whole number from 0 to 9",
        ),
        (
            lambda: env(N="1.0").integer("N", 1, 0, 9),
            "N is '1.0'; it must be a whole number from 0 to 9",
        ),
        (
            lambda: env(N="9" * 19).integer("N", 1, 0, 9),
            f"N is '{'9' * 19}'; it must be a whole number from 0 to 9",
        ),
        (
            lambda: env(N="nan").number("N", 1.0, 0.0, 9.0),
            "N is 'nan'; it must be a number from 0.0 to 9.0",
        ),
        (
            lambda: env(N="inf").number("N", 1.0, 0.0, 9.0),
            "N is 'inf'; it must be a number from 0.0 to 9.0",
        ),
        (
            lambda: env(N="1,5").number("N", 1.0, 0.0, 9.0),
            "N is '1,5'; it must be a number from 0.0 to 9.0",
        ),
        (lambda: env(N="c").choice("N", "a", ("a", "b")), "N is 'c'; it must be one of a, b"),
        (
            lambda: env(N="True").flag("N", default=False),
            "N is 'True'; it must be one of true, false",
        ),
        (lambda: env().path("N"), "N is not set, and there is no default for it"),
        (lambda: env().secret("N"), "N is not set, and there is no default for it"),
    ],
    ids=[
        "unset text",
        "no integer",
        "an integer out of range",
        "a fraction",
        "more digits than any machine word",
        "not a number",
        "infinity",
        "a decimal comma",
        "no choice",
        "a flag in capitals",
        "an unset path",
        "an unset secret",
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable(
    read: Callable[[], object], message: str
) -> None:
    with pytest.raises(SettingError) as caught:
        read()
    assert str(caught.value) == message


def test_a_secret_comes_from_the_variable_or_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from the file\n", encoding="utf-8")

    assert env(KEY="plain").secret("KEY").reveal() == "plain"
    assert env(KEY="plain", KEY_FILE=str(file)).secret("KEY").reveal() == "from the file"
    assert env().secret("KEY", "demo").reveal() == "demo"


def test_an_empty_secret_file_is_refused_unless_there_is_a_default(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(" \n", encoding="utf-8")

    assert env(KEY_FILE=str(file)).secret("KEY", "").reveal() == ""
    with pytest.raises(SettingError) as caught:
        env(KEY_FILE=str(file)).secret("KEY")
    assert str(caught.value) == f"KEY_FILE points to {file}, which is empty"


@pytest.mark.parametrize(
    ("content", "fault"), [(None, "FileNotFoundError"), (b"\xff\xff", "UnicodeDecodeError")]
)
def test_an_unreadable_secret_file_is_named_and_its_content_is_not(
    content: bytes | None, fault: str, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingError) as caught:
        env(KEY_FILE=str(file)).secret("KEY")

    assert str(caught.value) == f"KEY_FILE points to {file}, which cannot be read: {fault}"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_named(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("a-key\n", encoding=encoding)
    with pytest.raises(SettingError) as caught:
        env(KEY_FILE=str(file)).secret("KEY")
    assert str(caught.value).startswith(f"KEY_FILE points to {file}, ")
    assert "byte order mark" in str(caught.value)


@given(st.text(max_size=30))
def test_any_text_is_an_integer_in_range_or_a_setting_error(text: str) -> None:
    try:
        value = env(N=text).integer("N", 5, 0, 9)
    except SettingError as error:
        value, said = 5, str(error)
    else:
        said = "N is right"
    assert said.startswith("N is ")
    assert 0 <= value <= 9
