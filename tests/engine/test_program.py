"""`pulumi up` as it is typed: the engine starts the program in a process of its own."""

from __future__ import annotations

from pathlib import Path

from tests.engine.expected.resources import MADE
from tests.engine.settings import settings_of
from tests.engine.trial import trial


def test_the_program_makes_the_same_in_a_process_of_its_own(program: Path, tmp_path: Path) -> None:
    with trial(program, tmp_path, settings_of("local"), inline=False) as stack:
        assert stack.up() == {"create": MADE["local"]}
        assert stack.outputs() == stack.desk.deployments()[-1]
        assert stack.up() == {}


def test_a_wrong_setting_is_told_in_one_line(program: Path, tmp_path: Path) -> None:
    with trial(program, tmp_path, settings_of("local"), inline=False) as stack:
        assert stack.up(sshPublicKey="none") == {
            "refused": (
                "sshPublicKey is not a public SSH key; such as: pulumi config set sshPublicKey "
                '"$(cat ~/.ssh/id_ed25519.pub)"',
            )
        }
        assert "Traceback" not in "".join(stack.printed)
