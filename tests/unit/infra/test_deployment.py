"""The deployment within `pulumi up`: fab reads the outputs from a file that is gone afterwards."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from infra import deployment
from infra.outputs import OutputsError
from tests.unit.infra.test_outputs import FOUND


def test_the_verb_is_the_one_that_a_person_types() -> None:
    assert deployment.deploy_command("dev") == [
        str(Path(sys.executable).with_name("fab")),
        "deploy",
        "--stack",
        "dev",
    ]


def test_fab_finds_the_outputs_and_its_exit_code_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fab = tmp_path / "fab"
    fab.write_text(
        '#!/bin/sh\nstat -c %a "$TAPELINE_STACK_OUTPUTS" > "$SEEN/mode"\n'
        'cp "$TAPELINE_STACK_OUTPUTS" "$SEEN/outputs"\n'
        'echo "$TAPELINE_STACK_OUTPUTS" > "$SEEN/name"\necho "$*" > "$SEEN/words"\nexit 7\n'
    )
    fab.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    code = deployment.deploy(json.dumps(FOUND), {"SEEN": str(tmp_path), "PATH": "/usr/bin:/bin"})
    assert code == 7
    assert (tmp_path / "mode").read_text() == "600\n"
    assert json.loads((tmp_path / "outputs").read_text()) == FOUND
    assert (tmp_path / "words").read_text() == "deploy --stack dev\n"
    assert not Path((tmp_path / "name").read_text().strip()).exists()


def test_without_outputs_nothing_is_deployed() -> None:
    with pytest.raises(OutputsError):
        deployment.deploy("{}", {})
