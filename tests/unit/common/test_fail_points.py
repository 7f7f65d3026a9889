"""Fail points: each is reached at one place of the code, and an armed one ends the process."""

from __future__ import annotations

import ast
import logging
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from services.common import fail_points
from services.common.settings import SettingError

SERVICES = Path(__file__).parents[3] / "services"


def reached(source: str) -> list[str]:
    """Return the points that a source reaches."""
    return [
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "reach"
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ]


def test_every_point_stands_at_one_place_and_no_other_does() -> None:
    places = Counter(
        point for file in SERVICES.rglob("*.py") for point in reached(file.read_text("utf-8"))
    )
    assert places == Counter(fail_points.POINTS)


@pytest.mark.parametrize(
    ("spec", "visits", "code"),
    [
        ("", 3, 0),
        ("sink.after_copy", 0, 0),
        ("sink.after_copy", 1, 137),
        ("sink.after_copy:3", 2, 0),
        ("sink.after_copy:3", 3, 137),
        ("sink.after_merge", 3, 0),
    ],
)
def test_an_armed_process_dies_when_its_time_has_come(spec: str, visits: int, code: int) -> None:
    program = (
        "from services.common.fail_points import arm, reach\n"
        f"arm({spec!r})\n"
        f"for _ in range({visits}):\n"
        "    reach('sink.after_copy')\n"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=SERVICES.parent, check=False)
    assert run.returncode == code


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("sink", "FAIL_AT is 'sink', but the points are producer.call_booked, "),
        (":2", "FAIL_AT is ':2', but the points are "),
        ("sink.after_copy:0", "FAIL_AT is 'sink.after_copy:0'; after the colon stands which time"),
        ("sink.after_copy:x", "FAIL_AT is 'sink.after_copy:x'; after the colon stands which time"),
    ],
)
def test_what_is_no_point_is_refused(spec: str, complaint: str) -> None:
    with pytest.raises(SettingError) as caught:
        fail_points.checked(spec)
    assert str(caught.value).startswith(complaint)


def test_an_armed_process_says_so_and_can_arm_another(caplog: pytest.LogCaptureFixture) -> None:
    try:
        fail_points.arm("sink.after_copy:2", logging.getLogger("stream"))
        fail_points.reach("sink.after_copy")
        assert fail_points.armed() == "sink.after_copy:1"
    finally:
        fail_points.arm("")
    assert fail_points.armed() == ""
    assert caplog.messages == ["FAIL_AT is set: this process will die at sink.after_copy:2"]
