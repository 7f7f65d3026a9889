"""A program of a Go module: built once, by a Go that is new enough."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts.containers.go_tool import NEEDS_GO, is_new_enough
from tests.support.pulumi_tool import pulumi

# Says its version, or "builds" to the path after -o what it was asked.
GO = """\
#!/bin/sh
[ "$1" = version ] && { echo "go version go1.99.0 linux/amd64"; exit 0; }
said="$*"
while [ "$1" != -o ]; do shift; done
echo "$said" > "$2"
"""


def test_pulumi_is_built_once_with_the_version_that_it_says(tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text(GO, encoding="utf-8")
    go.chmod(0o755)
    variables = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    program = pulumi(variables)
    assert program == tmp_path / "cache" / "tapeline" / "pulumi-v3.274.1"
    assert [*program.parent.iterdir()] == [program]
    sdk, engine = "github.com/pulumi/pulumi/sdk/v3/go/common", "github.com/pulumi/pulumi/pkg/v3"
    asked = program.read_text("utf-8").partition(" -o ")
    assert asked[0] == (
        "build -mod=readonly -trimpath -gcflags=all=-N -l -gcflags=std= -ldflags -s -w"
        f" -X {sdk}/version.Version=v3.274.1 -X {engine}/version.Version=v3.274.1"
    )
    assert asked[2].split()[1:] == [f"{engine}/cmd/pulumi"]
    go.unlink()
    assert pulumi(variables) == program


@pytest.mark.parametrize(
    ("version", "is_new"),
    [("1.26.5", False), ("1.9.12", False), ("1.26", False), (NEEDS_GO, True), ("1.27.1", True)],
)
def test_go_is_new_enough_or_not(version: str, is_new: bool) -> None:
    assert is_new_enough(f"go version go{version} linux/amd64\n") is is_new
