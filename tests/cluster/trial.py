"""One trial of the chart on a real Kubernetes: a namespace, a database, what is asked of it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

from scripts.kubernetes_cluster.cluster import Cluster
from scripts.kubernetes_cluster.nodes import NODES
from scripts.launcher.paths import ROOT
from tests.documents import Documented

HERE = Path(__file__).parent
NAMESPACE = "market"
VOLUMES = {"kafka-0": "n1", "kafka-1": "n2", "kafka-2": "n1", "producer": "n1", "database": "n1"}
PATIENCE_SECONDS = 900.0


@dataclass
class Trial:
    """A cluster, the images' name, and a folder for what a person would keep at home."""

    cluster: Cluster
    images: str
    folder: Path
    documented: Documented = field(default_factory=lambda: Documented("cluster"))

    def kubectl(self, *arguments: str, given: str = "") -> str:
        """Run kubectl in the namespace; fail with all it said."""
        done = self.cluster.run("kubectl", f"--namespace={NAMESPACE}", *arguments, given=given)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def typed(self, beginning: str) -> str:
        """Run the documented command that begins so, by a shell in the checkout."""
        own = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "PASSWORDS": str(self.folder / "passwords"),
            "VALUES": str(self.folder / "values.yaml"),
        }
        done = subprocess.run(
            ["sh", "-c", self.documented.line(beginning)],
            cwd=ROOT,
            env={**os.environ, **own},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Warning" not in done.stderr
        return done.stdout

    def volumes(self) -> None:
        """Make the volumes that a cloud would make: folders, each on one of the nodes."""
        apply = [
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {"name": "local"},
                "provisioner": "kubernetes.io/no-provisioner",
                "volumeBindingMode": "WaitForFirstConsumer",
            }
        ]
        for name, node in VOLUMES.items():
            path = self.cluster.state / "volumes" / name
            path.mkdir(parents=True)
            apply.append(_volume(name, node, path))
        for one in apply:
            self.kubectl("apply", "--filename=-", given=json.dumps(one))

    def database(self) -> None:
        """Bring up the database, with a certificate of an authority that only clients know."""
        authority = trustme.CA()
        served = authority.issue_cert("database")
        passwords = self.folder / "passwords"
        files = {
            "server.crt": b"".join(one.bytes() for one in served.cert_chain_pems),
            "server.key": served.private_key_pem.bytes(),
            "postgres_password": (passwords / "postgres_password").read_bytes(),
            "powerbi_cidrs": b"",
        }
        self._secret("database", files)
        self._secret("database-authority", {"ca.crt": authority.cert_pem.bytes()})
        access = (ROOT / "services" / "postgres" / "pg_hba.conf").read_text("utf-8")
        (self.folder / "pg_hba.conf").write_text(access.replace("samenet", "all    "), "utf-8")
        self.kubectl("create", "configmap", "database", f"--from-file={self.folder}/pg_hba.conf")
        text = (HERE / "database.yaml").read_text("utf-8").replace("IMAGES", self.images)
        self.kubectl("apply", "--filename=-", given=text)

    def alert_rules(self) -> None:
        """Store the rules of the market alerts."""
        when = {"price": {"crosses": 100, "direction": "up"}}
        rule = {"name": "at 100", "symbols": "all", "interval": "1min", "when": when}
        self._secret("alert-rules", {"alerts.yaml": json.dumps({"rules": [rule]}).encode()})

    def _secret(self, name: str, files: dict[str, bytes]) -> None:
        folder = self.folder / f"secret-{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        self.kubectl("create", "secret", "generic", name, f"--from-file={folder}")

    def sql(self, query: str) -> str:
        """Return what the database's superuser gets, or nothing while it does not answer."""
        ask = "PGPASSWORD=$(cat /run/tapeline/postgres_password) exec psql -h /tmp -U postgres"
        shell = f'{ask} -d market -qAtX -c "$0"'
        arguments = ("exec", "deployment/database", "--", "sh", "-c", shell, query)
        done = self.cluster.run("kubectl", f"--namespace={NAMESPACE}", *arguments)
        return done.stdout.strip() if done.returncode == 0 else ""

    def wait_for_sql(self, query: str, answer: str) -> None:
        """Wait until the database says so."""
        self.wait(lambda: self.sql(query) == answer, f"{query}: {answer}")

    def wait_until_ready(self) -> None:
        """Wait until every pod of the release is ready, or has ended well."""
        self.wait(lambda: not self.unready(), "all pods")

    def wait(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait until it is so; fail with what a person would look at."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, f"waited in vain for {what}\n{self.shown()}"
            time.sleep(1)

    def wait_until_on(self, node: str, services: set[str]) -> None:
        """Wait until each of the services has a pod on the node that is ready."""

        def are_there() -> bool:
            well = [one for one in self.pods() if one["spec"].get("nodeName") == node]
            label = "app.kubernetes.io/name"
            found = {one["metadata"]["labels"].get(label) for one in well if _is_well(one)}
            return services <= found

        self.wait(are_there, f"{', '.join(services)} on {node}")

    def unready(self) -> list[str]:
        """Return the pods that are not as they should be."""
        return [one["metadata"]["name"] for one in self.pods() if not _is_well(one)]

    def pods(self) -> list[Any]:
        """Return all pods of the namespace."""
        listed = self.cluster.ask("get", "pods", f"--namespace={NAMESPACE}")["items"]
        return list(listed)

    def shown(self) -> str:
        """Return what a person would look at."""
        pods = self.kubectl("get", "pods", "--output=wide")
        return pods + self.kubectl("get", "events", "--field-selector=type=Warning")


def _volume(name: str, node: str, path: Path) -> dict[str, Any]:
    assert node in NODES
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOncePod" if name == "producer" else "ReadWriteOnce"],
            "storageClassName": "local",
            "claimRef": {
                "namespace": NAMESPACE,
                "name": f"kafka-{name}" if name.startswith("kafka") else name,
            },
            "local": {"path": str(path)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }


def _is_well(pod: Any) -> bool:
    if pod["status"]["phase"] == "Succeeded":
        return True
    conditions = {one["type"]: one["status"] for one in pod["status"].get("conditions", ())}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]
