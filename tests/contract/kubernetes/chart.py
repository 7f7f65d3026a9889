"""What Helm makes of the chart: values in, Kubernetes' objects out."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from typing import Any

import yaml

from scripts.kubernetes_cluster.client_programs import client
from scripts.launcher.paths import ROOT

CHART = ROOT / "infra" / "kubernetes"
VALUES = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
SCHEMA = json.loads((CHART / "values.schema.json").read_text("utf-8"))
EXTERNAL = ("postgres.mode=external", "postgres.external.host=db", "postgres.external.authority=ca")
WORKLOADS = {"Deployment", "StatefulSet", "Job"}
ELSEWHERE = (
    *("kafka.mode=external", r"kafka.external.bootstrap=b1:9096\,b2:9196"),
    *("kafka.external.authority=kafka-authority", "kafka.external.passwords=kafka-passwords"),
    *(f"kafka.external.users.{one}={one}-account" for one in ("topics", "producer", "stream")),
)
"""A Kafka that is there, with TLS and accounts."""
ALL = (
    *("alerts.enabled=true", "alerts.rules=rules", "secrets.dashboard=page"),
    *("secrets.alphaVantage=key", "images.pullSecrets={registry}", "kafka.replicas=5"),
    *("dashboard.clients[0].ipBlock.cidr=192.0.2.0/24", "stream.settings.TRIGGER_SECONDS=2"),
)


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run helm."""
    command = [str(client("helm", os.environ)), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@functools.cache
def rendered(*values: str, upgrade: bool = False) -> dict[tuple[str, str], Any]:
    """Return the objects that the chart makes of values KEY=VALUE, by kind and name."""
    options = [f"--set={one}" for one in values] + ["--is-upgrade"] * upgrade
    done = helm("template", "tapeline", str(CHART), "--namespace=market", *options)
    assert done.returncode == 0, done.stderr
    objects = [one for one in yaml.safe_load_all(done.stdout) if one]
    found = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    assert len(found) == len(objects), "two objects of one name"
    return found


def pods(*values: str) -> dict[str, Any]:
    """Return the specification of each pod that the chart makes, by the name of its service."""
    return {
        name: one["spec"]["template"]["spec"]
        for (kind, name), one in rendered(*values).items()
        if kind in WORKLOADS
    }
