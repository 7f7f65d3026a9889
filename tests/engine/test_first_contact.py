"""The first contact of `pulumi up`: a VM that boots by its orders, met by a real SSH."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.clouds.machine import NEEDED, Machines
from tests.engine.settings import settings_of
from tests.engine.trial import Trial, trial
from tests.unit.infra.expected import HOSTS
from tests.unit.infra.stacks import RENTED


@pytest.fixture(scope="module", params=RENTED)
def host(
    request: pytest.FixtureRequest, program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Trial, Machines]]:
    """Yield a stack whose VM boots when it is made, and whose operator has a key."""
    if os.geteuid() != 0 or not all(Path(file).exists() for file in NEEDED):
        pytest.skip("needs root, and: apt-get install openssh-server sudo cloud-init")
    cloud, folder = str(request.param), tmp_path_factory.mktemp("contact")
    key = folder / "operator"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    settings = {
        **settings_of(cloud),
        "sshPublicKey": key.with_suffix(".pub").read_text("utf-8"),
        "sshIdentityFile": str(key),
    }
    machines = Machines(cloud, folder)
    with trial(program, folder, settings) as stack:
        machines.lead_to(stack.desk)
        stack.world.on_made, stack.world.on_gone = machines.on_made, machines.on_gone
        try:
            yield stack, machines
        finally:
            machines.stop()


def said(stack: Trial) -> str:
    """Return the last line that the last first contact said."""
    [made] = [
        kept
        for kept in stack.world.of_type("command:local:Command")
        if kept.urn.endswith("first-contact")
    ]
    return str(made.outputs["stdout"]).splitlines()[-1]


def shown_key(stack: Trial, machines: Machines) -> str:
    """Return the line of known_hosts that the VM's own answer would make."""
    command = ["ssh-keyscan", "-t", "ed25519", "-p", str(machines.port), "127.0.0.1"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return f"{stack.outputs().address} {done.stdout.strip().partition(' ')[2]}"


def test_a_new_vm_gets_its_lasting_key(host: tuple[Trial, Machines]) -> None:
    stack, machines = host
    stack.up()
    assert said(stack) == "the first contact's host key was replaced by the lasting one"
    assert shown_key(stack, machines) == stack.outputs().host_key
    assert stack.up() == {}


def test_a_vm_in_its_place_gets_the_same_key_by_another_contact(
    host: tuple[Trial, Machines],
) -> None:
    stack, machines = host
    stack.up()
    before, booted = stack.outputs(), len(machines.orders)
    stack.world.remove(HOSTS[before.cloud])
    machines.stop()
    stack.refresh()
    stack.up()
    assert len(machines.orders) == booted + 1
    assert said(stack) == "the first contact's host key was replaced by the lasting one"
    assert shown_key(stack, machines) == before.host_key == stack.outputs().host_key
