"""The deployment within `pulumi up`: fab reads the outputs from a file that is gone afterwards."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.deployment import deployment
from infra.deployment.deployment_log import cause
from infra.outputs import OutputsError
from tests.unit.infra.stacks import ROOT
from tests.unit.infra.test_outputs import FOUND


def test_the_verb_is_the_one_that_a_person_types() -> None:
    assert deployment.deploy_command("dev") == [
        str(Path(sys.executable).with_name("fab")),
        "deploy",
        "--stack",
        "dev",
    ]


def fab(folder: Path, script: str) -> None:
    """Put a `fab` where the deployment looks for it."""
    program = folder / "fab"
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(0o700)


def test_fab_finds_the_outputs_and_its_exit_code_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fab(
        tmp_path,
        'stat -c %a "$TAPELINE_STACK_OUTPUTS" > "$SEEN/mode"\n'
        'cp "$TAPELINE_STACK_OUTPUTS" "$SEEN/outputs"\n'
        'echo "$TAPELINE_STACK_OUTPUTS" > "$SEEN/name"\necho "$*" > "$SEEN/words"\n'
        "echo a build; echo its warning >&2; echo how far > /dev/fd/$TAPELINE_PROGRESS_FD\n"
        "exit 7\n",
    )
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    progress = io.BytesIO()
    with (tmp_path / "log").open("wb") as log:
        variables = {"SEEN": str(tmp_path), "PATH": "/usr/bin:/bin"}
        code = deployment.deploy(json.dumps(FOUND), variables, log, progress)
    assert code == 7
    assert (tmp_path / "mode").read_text() == "600\n"
    assert json.loads((tmp_path / "outputs").read_text()) == FOUND
    assert (tmp_path / "words").read_text() == "deploy --stack dev\n"
    assert not Path((tmp_path / "name").read_text().strip()).exists()
    assert (tmp_path / "log").read_text() == "a build\nits warning\n"
    assert progress.getvalue() == b"how far\n"


def test_without_outputs_nothing_is_deployed(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log, pytest.raises(OutputsError):
        deployment.deploy("{}", {}, log, io.BytesIO())


def test_a_failed_deployment_ends_with_its_cause_and_the_place_of_its_log(
    tmp_path: Path,
) -> None:
    # In a checkout of its own, as Pulumi runs it: in the folder above the program's.
    (tmp_path / "infra").symlink_to(ROOT / "infra")
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "python").symlink_to(sys.executable)
    fab(
        binaries,
        'i=0; while [ $i -lt 2000 ]; do echo "a line of a build"; i=$((i+1)); done\n'
        "echo 'fab deploy: not well after 420 s: stream unhealthy' >&2\n"
        "echo 'its log' >&2; exit 1\n",
    )
    code = (
        "import sys; from pathlib import Path; from infra.deployment import deployment;"
        f"sys.executable = {str(binaries / 'python')!r};"
        f"deployment.ROOT = Path({str(tmp_path)!r}); sys.exit(deployment.main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        input=json.dumps(FOUND),
        capture_output=True,
        text=True,
        check=False,
    )
    [log] = (tmp_path / ".cache" / "operations" / "dev").glob("deployment-*.log")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"the deployment failed, all that was said is in {log}",
        "not well after 420 s: stream unhealthy",
    ]
    assert log.read_text("utf-8").count("a line of a build\n") == 2000
    assert log.stat().st_mode & 0o777 == 0o600


def test_the_oldest_logs_go(tmp_path: Path) -> None:
    begin = datetime(2026, 11, 29, 1, 2, 3, tzinfo=UTC)
    for second in range(7):
        deployment.new_log(tmp_path / "dev", begin + timedelta(seconds=second))
    assert sorted(file.name for file in (tmp_path / "dev").iterdir()) == [
        f"deployment-20261129T01020{second}Z.log" for second in range(5, 10)
    ]


# As Ansible 2.19 and BuildKit print them.
ANSIBLE = """
TASK [docker : Docker's packages] **********************************************
ok: [dev]

TASK [docker : A module that fails] ********************************************
[ERROR]: Task failed: Module failed: non-zero return code
Origin: /tmp/p.yml:4:7

fatal: [dev]: FAILED! => {"changed": true, "msg": "non-zero return code", "rc": 3, "stderr": "E no
such package"}

PLAY RECAP *********************************************************************
dev                        : ok=1    changed=0    unreachable=0    failed=1
fab deploy: ansible-playbook ended with 2; see above
""".replace("E no\nsuch", "E no such")
LOOP = """
TASK [Each of them] ************************************************************
failed: [dev] (item=a) => {"ansible_loop_var": "item", "changed": false, "item": "a", "msg": "no a"}
fab deploy: ansible-playbook ended with 2; see above
"""
UNREACHABLE = """
fatal: [dev]: UNREACHABLE! => {"changed": false, "msg": "ssh: connect: refused"}
fab deploy: ansible-playbook ended with 4; see above
"""
BUILD = """
#12 [stream 3/9] RUN pip install
#12 ERROR: process "/bin/sh -c pip install" did not complete successfully: exit code: 1
------
target stream: failed to solve: process "/bin/sh -c pip install" did not complete: exit code: 1
fab deploy: the build failed; see above
"""


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        (
            ANSIBLE,
            "ansible-playbook ended with 2, task 'docker : A module that fails': "
            "non-zero return code E no such package",
        ),
        (LOOP, "ansible-playbook ended with 2, task 'Each of them': no a"),
        (
            UNREACHABLE,
            "ansible-playbook ended with 4, before its first task: ssh: connect: refused",
        ),
        (
            BUILD,
            "the build failed: target stream: failed to solve: "
            'process "/bin/sh -c pip install" did not complete: exit code: 1',
        ),
        ("x\nfab deploy: dev is locked by ann: deploy\n", "dev is locked by ann: deploy"),
        (
            "fab deploy: `docker load` ended with 1:\nno space left\n",
            "`docker load` ended with 1: no space left",
        ),
        ("fab deploy: the build failed; see above\n", "the build failed"),
        ("Traceback ...\nMemoryError\n", "MemoryError"),
        ("", "fab said nothing"),
        ("e" * 1000, "e" * 400 + " ..."),
    ],
)
def test_the_cause_is_found(printed: str, told: str) -> None:
    assert cause(printed) == told
