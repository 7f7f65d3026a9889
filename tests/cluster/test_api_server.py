"""What a real API server says of the chart, where Pod Security `restricted` is enforced."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import pytest
import yaml

from scripts.installation.download import Artifact, fetch
from tests.cluster.trial import NAMESPACE, Trial
from tests.contract.kubernetes.chart import ALL, ELSEWHERE, EXTERNAL, pods, rendered

_OPERATOR = "github.com/cloudnative-pg/cloudnative-pg"
_OPERATOR_VERSION = "v1.28.0"
_CLUSTERS = f"{_OPERATOR}@{_OPERATOR_VERSION}/config/crd/bases/postgresql.cnpg.io_clusters.yaml"
CHOICES = {
    "default": (),
    "external": EXTERNAL,
    "all": (*EXTERNAL, *ALL),
    "elsewhere": ELSEWHERE,
}


@pytest.fixture(scope="module")
def operators_own(trial: Trial, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the API server know what a Cluster of CloudNativePG is."""
    archive = Artifact(
        f"https://proxy.golang.org/{_OPERATOR}/@v/{_OPERATOR_VERSION}.zip",
        tmp_path_factory.mktemp("operator") / "module.zip",
        "sha256",
        "72aba5d57e481cd83d731900cf055e3486c39ae239897e628f41262d82509b90",
        13_886_534,
    )
    fetch(archive)
    with zipfile.ZipFile(archive.target) as module:
        text = module.read(_CLUSTERS).decode()
    trial.kubectl("apply", "--server-side", "--filename=-", given=text)
    wait = ("wait", "--for=condition=Established", "crd/clusters.postgresql.cnpg.io")
    # It fails at once while the definition has no condition yet.
    trial.wait(lambda: trial.cluster.run("kubectl", *wait).returncode == 0, "the definition")


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.usefixtures("operators_own")
def test_it_takes_every_object(trial: Trial, choice: str) -> None:
    objects = rendered(*CHOICES[choice])
    done = trial.cluster.run(
        "kubectl",
        *("apply", "--server-side", "--dry-run=server", f"--namespace={NAMESPACE}"),
        *("--validate=strict", "--filename=-"),
        given=yaml.safe_dump_all(list(objects.values())),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == len(objects)


def test_it_refuses_what_the_operator_does_not_know(trial: Trial, operators_own: None) -> None:
    assert operators_own is None
    cluster = json.loads(json.dumps(rendered()["Cluster", "postgres"]))
    cluster["spec"]["postgresql"]["synchronous"]["method"] = "some"
    done = trial.cluster.run(
        "kubectl",
        *("apply", "--server-side", "--dry-run=server", f"--namespace={NAMESPACE}"),
        "--filename=-",
        given=json.dumps(cluster),
    )
    assert done.returncode != 0
    assert "spec.postgresql.synchronous.method" in done.stderr


@pytest.mark.parametrize("choice", CHOICES)
def test_every_pod_is_let_in(trial: Trial, choice: str) -> None:
    for name, spec in pods(*CHOICES[choice]).items():
        said = trial.kubectl("create", "--dry-run=server", "--filename=-", given=_pod(name, spec))
        assert said == f"pod/{name} created (server dry run)\n"


def test_a_pod_that_may_do_more_is_not_let_in(trial: Trial) -> None:
    spec = json.loads(json.dumps(pods(*EXTERNAL)["dashboard"]))
    del spec["containers"][0]["securityContext"]["capabilities"]
    create = ("create", f"--namespace={NAMESPACE}", "--dry-run=server", "--filename=-")
    done = trial.cluster.run("kubectl", *create, given=_pod("dashboard", spec))
    assert done.returncode != 0
    assert 'violates PodSecurity "restricted' in done.stderr


def _pod(name: str, spec: dict[str, Any]) -> str:
    """Return the pod that a controller would make; a StatefulSet's adds the volumes claimed."""
    mounted = {one["name"] for own in spec["containers"] for one in own["volumeMounts"]}
    claimed = sorted(mounted - {one["name"] for one in spec["volumes"]})
    claims = [{"name": one, "persistentVolumeClaim": {"claimName": one}} for one in claimed]
    whole = {**spec, "volumes": [*spec["volumes"], *claims], "restartPolicy": "Never"}
    return json.dumps(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": whole}
    )
