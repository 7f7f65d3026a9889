"""Compose where Debian's archive does not have it (any more): it is built."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts.containers.compose_tool import compose
from scripts.local_stack.servers.ports import HOST, free_ports

# Says its version, or "builds" to the path after -o, and keeps what it was asked.
GO = """\
#!/bin/sh
[ "$1" = version ] && { echo "go version go1.26.8 linux/amd64"; exit 0; }
echo "$PWD $*" > "${0%/*}/asked"
while [ "$1" != -o ]; do shift; done
echo "a program" > "$2"
"""


def test_it_is_built_from_its_module_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    go, cache = tmp_path / "go", tmp_path / "cache"
    go.write_text(GO, encoding="utf-8")
    go.chmod(0o755)
    (port,) = free_ports(1)
    variables = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(cache),
        "DEBIAN_MIRROR": f"http://{HOST}:{port}",
    }

    program = compose(variables)

    assert program == cache / "tapeline" / "docker-compose-v2.40.3"
    assert program.read_text("utf-8") == "a program\n"
    assert list(program.parent.iterdir()) == [program]
    asked = (tmp_path / "asked").read_text("utf-8")
    assert asked.split()[1:4] == ["build", "-mod=readonly", "-trimpath"]
    assert asked.split()[-1] == "github.com/docker/compose/v2/cmd"
    assert "building Docker Compose v2.40.3 from its Go module" in capfd.readouterr().err
    (tmp_path / "asked").unlink()
    assert compose(variables) == program
    assert not (tmp_path / "asked").exists()
