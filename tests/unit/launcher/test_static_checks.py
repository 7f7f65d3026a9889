"""Which files a linter is given that takes files rather than folders."""

from pathlib import Path

import pytest

from scripts.launcher.static_checks import is_shell_script


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("start", b"#!/bin/sh\n", True),
        ("start", b"#!/bin/bash -e\n", True),
        ("run", b"#!/usr/bin/env bash\n", True),
        ("start", b"#!/bin/dash", True),
        ("inventory", b"#!/usr/bin/env python3\n", False),
        ("start", b"#!/bin/fish\n", False),
        ("start", b"# no first line for a shell: #!/bin/sh\n", False),
        ("icon", b"\x89PNG\r\n", False),
        ("empty", b"", False),
        ("renew.j2", b"#!/bin/sh\nname={{ name }}\n", False),
    ],
)
def test_a_shell_script_is_known_by_its_first_line(
    tmp_path: Path, name: str, content: bytes, expected: bool
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert is_shell_script(file) is expected


def test_a_folder_and_a_file_that_is_gone_are_no_scripts(tmp_path: Path) -> None:
    assert [is_shell_script(tmp_path), is_shell_script(tmp_path / "gone")] == [False, False]
