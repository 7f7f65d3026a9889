"""What `pulumi up` does with every stack, in front of the real engine."""

from __future__ import annotations

from pathlib import Path

from infra.config.config_keys import KEYS, SETTINGS_KEY
from infra.outputs import SECRETS, StackOutputs
from tests.engine.clouds.values import plain
from tests.engine.clouds.world import Kept
from tests.engine.engine_events import Changes
from tests.engine.expected.changes import AGAIN, CHANGES, LOOSE, REPLACED
from tests.engine.expected.resources import DATA, LEFT, MADE, RETAINED
from tests.engine.settings import OTHER, other_of
from tests.engine.trial import PASSPHRASE, Trial
from tests.unit.infra.expected import DEVICES, HOSTS
from tests.unit.infra.stacks import CANARY, PUBLIC_KEY, RENTED

Made = tuple[Trial, Changes]
UNCHANGED: Changes = {}


def test_up_makes_the_stack(cloud: str, made: Made) -> None:
    _, changes = made
    assert changes == {"create": MADE[cloud]}


def test_what_is_up_stays_as_it_is(made: Made) -> None:
    stack, _ = made
    deployments = len(stack.desk.deployments())
    assert stack.up() == UNCHANGED
    assert stack.refresh() == UNCHANGED
    assert stack.preview() == UNCHANGED
    assert len(stack.desk.deployments()) == deployments


def test_the_outputs_are_told_to_the_deployment(cloud: str, made: Made) -> None:
    stack, _ = made
    outputs = stack.outputs()
    address = {"existing": "192.0.2.10", "local": "127.0.0.1"}.get(cloud, "203.0.113.80")
    port = 2222 if cloud == "local" else 22
    place = f"[{address}]:{port}" if cloud == "local" else address
    assert outputs == StackOutputs(
        stack="trial",
        cloud=cloud,
        address=address,
        ssh_user="tapeline",
        ssh_port=port,
        ssh_identity_file="",
        host_key=f"{place} {host_key(cloud, stack)}",
        data_volume_device=outputs.data_volume_device,
        domain="",
        certificate="own-ca",
        acme_email="",
        admin_cidrs=("203.0.113.7/32",),
        powerbi_cidrs=(),
        dashboard_cidrs=(),
        backup_target="",
        backup_known_hosts="",
        settings={},
        build_ca="",
        data_volume_gb=40 if cloud in RENTED else 0,
        take_over_host=False,
        secrets=outputs.secrets,
    )
    assert outputs.data_volume_device.startswith(DEVICES[cloud].replace("-dev-", "-trial-"))
    assert sorted(outputs.secrets) == sorted(SECRETS)
    assert outputs.secrets["alpha_vantage_key"] == f"{CANARY}-alphaVantageKey"
    assert stack.desk.deployments()[-1] == outputs


def host_key(cloud: str, stack: Trial) -> str:
    """Return the key that the host has in the end, without a comment."""
    if cloud == "existing":
        return PUBLIC_KEY
    [made] = [
        kept
        for kept in stack.world.of_type("tls:index/privateKey:PrivateKey")
        if kept.urn.endswith("host-key")
    ]
    return str(made.outputs["publicKeyOpenssh"]).strip()


def test_no_secret_shows(cloud: str, made: Made) -> None:
    stack, _ = made
    secrets = [PASSPHRASE, CANARY, *filter(None, stack.outputs().secrets.values())]
    for kept in stack.world.of_type("tls:index/privateKey:PrivateKey"):
        secrets.append(plain(kept.outputs["privateKeyOpenssh"]).splitlines()[1])
    if cloud == "azure":
        [vm] = stack.world.of_type(HOSTS[cloud])
        secrets.append(plain(vm.inputs["customData"]))
    written = stack.written()
    kinds = {part for path in written for part in Path(path).parts}
    assert {"Pulumi.trial.yaml", "backups", "history", "logs", "stacks"} <= kinds
    shown = {**written, "what it printed": "\n".join(stack.printed)}
    assert [path for path, text in shown.items() if any(secret in text for secret in secrets)] == []


def test_a_changed_setting_changes_these(cloud: str, made: Made) -> None:
    stack, _ = made
    found = {setting: stack.preview(**other_of(cloud, setting)) for setting in OTHER}
    assert found == CHANGES[cloud]


def test_a_smaller_volume_is_refused(cloud: str, made: Made) -> None:
    stack, _ = made
    refused = (
        "dataVolumeGb is 20, and the data volume has 40 GB, which nothing makes smaller: "
        "pulumi config set dataVolumeGb 40"
    )
    if cloud in RENTED:
        assert stack.preview(dataVolumeGb="20") == {"refused": (refused,)}


def test_every_setting_is_changed() -> None:
    assert sorted(OTHER) == sorted({*KEYS, SETTINGS_KEY} - {"cloud"})


def test_a_vm_that_somebody_removed_is_made_again(cloud: str, made: Made) -> None:
    if cloud not in RENTED:
        return
    stack, _ = made
    before = stack.outputs()
    stack.world.remove(HOSTS[cloud])
    assert stack.preview() == UNCHANGED
    stack.refresh()
    assert stack.up() == AGAIN[cloud]
    assert stack.outputs() == before


def test_without_protection_a_setting_replaces_these(cloud: str, made: Made) -> None:
    stack, _ = made
    assert stack.up(protect="false", keepData="false") == LOOSE[cloud]
    found = {name: stack.preview(**other_of(cloud, name)) for name in REPLACED[cloud]}
    assert found == REPLACED[cloud]


def test_destroy_leaves_the_protected_data(cloud: str, made: Made) -> None:
    stack, _ = made
    stack.up(protect="false", keepData="true")
    before = data_of(stack)
    secrets = stack.outputs().secrets
    stack.destroy(exclude_protected=True)
    assert stack.known() == LEFT[cloud]
    kept = stack.folder.parent / "data" / "tapeline" / "trial.backup_passphrase"
    assert kept.read_text("utf-8") == f"{secrets['backup_passphrase']}\n"
    stack.up()
    assert data_of(stack) == before
    assert stack.outputs().secrets == secrets


def data_of(stack: Trial) -> list[Kept]:
    """Return the data volume as the cloud has it, if the stack made one."""
    return [
        kept
        for kept in stack.world.kept.values()
        if kept.urn.endswith("-data") and kept.type in DATA.values()
    ]


def test_destroy_leaves_nothing_if_nothing_is_to_be_kept(made: Made) -> None:
    stack, _ = made
    stack.up(protect="false", keepData="false")
    stack.destroy()
    assert stack.known() == ()
    assert stack.world.kept == {}


def test_pulumis_own_advice_leaves_the_data(cloud: str, made: Made) -> None:
    if cloud not in DATA:
        return
    stack, _ = made
    stack.up(protect="false", keepData="true")
    assert stack.destroy() == {"refused": ("protected",)}
    for urn in stack.protected():
        stack.pulumi("state", "unprotect", urn, "--yes")
    stack.destroy()
    assert stack.known() == ()
    assert sorted(kept.type for kept in stack.world.kept.values()) == sorted(RETAINED[cloud])
