"""Which program of Compose goes to a host: one of this machine's, for a container that has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.operations.errors import OperationError
from scripts.operations.hosts.ansible import with_compose
from scripts.operations.hosts.inventory import COMPOSE_VARIABLE


def test_a_rented_host_has_its_own_and_a_given_program_counts() -> None:
    assert with_compose("hcloud", {"A": "b"}) == {"A": "b"}
    given = {COMPOSE_VARIABLE: "/opt/docker-compose"}
    assert with_compose("local", given) == given


def test_a_container_gets_the_program_that_is_brought(tmp_path: Path) -> None:
    program = tmp_path / "tapeline" / "docker-compose-v2.40.3"
    program.parent.mkdir()
    program.touch()
    found = with_compose("local", {"XDG_CACHE_HOME": str(tmp_path)})
    assert found[COMPOSE_VARIABLE] == str(program)


def test_where_none_can_be_had_the_setting_is_named(tmp_path: Path) -> None:
    (tmp_path / "go").write_text("#!/bin/sh\n[ $1 = version ] && echo go1.99.0\n", encoding="utf-8")
    (tmp_path / "go").chmod(0o755)
    nowhere = {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "DEBIAN_MIRROR": "http://127.0.0.1:9",
        "PATH": str(tmp_path),
    }
    with pytest.raises(OperationError, match=COMPOSE_VARIABLE):
        with_compose("local", nowhere)
