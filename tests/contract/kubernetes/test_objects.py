"""What the chart makes: the containers of compose, each hardened as `restricted` asks."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from scripts.launcher.paths import ROOT
from services.secrets.table import GENERATED
from tests.contract.kubernetes.chart import ALL, ELSEWHERE, EXTERNAL, pods, rendered

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
CHOICES = {"default": (), "external": EXTERNAL, "all": (*EXTERNAL, *ALL), "elsewhere": ELSEWHERE}
ONCE = {"topics", "migrate"}
_ALWAYS = {"topics", "producer", "migrate", "guard", "stream", "dashboard"}
SERVICES = {
    "default": {*_ALWAYS, "kafka", "simulator"},
    "external": {*_ALWAYS, "kafka", "simulator"},
    "elsewhere": {*_ALWAYS, "simulator"},
    "all": {*_ALWAYS, "kafka", "alerts"},
}
every_choice = pytest.mark.parametrize("choice", CHOICES)


def bytes_of(amount: str) -> int:
    """Return an amount of memory as Kubernetes or Compose says it, there in a default."""
    text = amount.partition(":-")[2].rstrip("}") or amount
    units = {"m": 2**20, "Mi": 2**20, "g": 2**30, "Gi": 2**30}
    digits = text.rstrip("MGimg")
    return int(digits) * units[text.removeprefix(digits)]


@every_choice
def test_the_pods_are_those_that_were_asked_for(choice: str) -> None:
    assert pods(*CHOICES[choice]).keys() == SERVICES[choice]


@every_choice
def test_every_pod_is_restricted(choice: str) -> None:
    for name, pod in pods(*CHOICES[choice]).items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), name
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
        kinds = {kind for volume in pod["volumes"] for kind in volume} - {"name"}
        assert kinds <= {"configMap", "secret", "projected", "emptyDir", "persistentVolumeClaim"}


@pytest.mark.parametrize("name", sorted({*SERVICES["default"], "alerts"} - {"guard"}))
def test_a_pod_is_the_container_of_compose(name: str) -> None:
    pod, compose = pods(*CHOICES["all" if name == "alerts" else "external"])[name], COMPOSE[name]
    [container] = pod["containers"]
    assert container["image"] == f"tapeline/{name}:0.1.0"
    limits = container["resources"]["limits"]
    assert bytes_of(limits["memory"]) == bytes_of(compose["mem_limit"])
    assert float(limits["cpu"]) == compose["cpus"]
    if name in ONCE:
        assert "readinessProbe" not in container
        return
    for probe in ("startupProbe", "readinessProbe"):
        assert container[probe]["exec"]["command"] == compose["healthcheck"]["test"][1:]
    grace = pod.get("terminationGracePeriodSeconds", 30)
    assert grace >= int(compose["stop_grace_period"].removesuffix("s"))


@pytest.mark.parametrize("name", ["migrate", "stream", "alerts", "dashboard"])
def test_a_pod_gets_the_passwords_that_its_container_gets(name: str) -> None:
    pod = pods(*CHOICES["all"])[name]
    [volume] = [one for one in pod["volumes"] if one["name"] == "passwords"]
    [source] = volume["projected"]["sources"]
    given = {item["key"] for item in source["secret"]["items"]}
    # The page's own password is another Secret, and only if there is one.
    assert given == {one for one, users in GENERATED.items() if name in users} - {
        "dashboard_password"
    }


@every_choice
def test_no_secret_is_among_the_objects(choice: str) -> None:
    objects = rendered(*CHOICES[choice])
    assert [key for key in objects if key[0] == "Secret"] == []
    for pod in pods(*CHOICES[choice]).values():
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            told = [one["name"] for one in container.get("env", ())]
            secret = [one for one in told if "PASSWORD" in one or one.endswith("_KEY")]
            assert all(one.endswith("_FILE") for one in secret)


def test_a_record_is_on_two_brokers_before_it_counts() -> None:
    told = dict(
        line.split("=", 1)
        for line in rendered()["ConfigMap", "kafka"]["data"]["server.properties"].splitlines()
        if not line.startswith("#")
    )
    assert (told["default.replication.factor"], told["min.insync.replicas"]) == ("3", "2")
    assert told["controller.quorum.voters"].count("@") == 3
    assert rendered()["PodDisruptionBudget", "kafka"]["spec"]["maxUnavailable"] == 1


def test_one_broker_alone_waits_for_no_other() -> None:
    text = rendered("kafka.replicas=1")["ConfigMap", "kafka"]["data"]["server.properties"]
    assert {"default.replication.factor=1", "min.insync.replicas=1"} <= {*text.splitlines()}


@pytest.mark.parametrize("name", ["topics", "producer", "stream"])
def test_each_has_an_account_of_its_own_at_a_kafka_elsewhere(name: str) -> None:
    [container] = pods(*ELSEWHERE)[name]["containers"]
    told = {one["name"]: one["value"] for one in container["env"] if "KAFKA" in one["name"]}
    assert told == {
        "KAFKA_BOOTSTRAP": "b1:9096,b2:9196",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_CA_FILE": "/run/kafka/ca.crt",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_USER": f"{name}-account",
        "KAFKA_PASSWORD_FILE": "/run/kafka/password",
    }
    [volume] = [one for one in pods(*ELSEWHERE)[name]["volumes"] if one["name"] == "kafka"]
    assert volume["projected"]["sources"] == [
        {"secret": {"name": "kafka-passwords", "items": [{"key": name, "path": "password"}]}},
        {"secret": {"name": "kafka-authority", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    ]
    ports = rendered(*ELSEWHERE)["NetworkPolicy", "clients-to-kafka"]["spec"]["egress"]
    assert ports == [{"ports": [{"port": 9096}, {"port": 9196}]}]


def reached(objects: dict[tuple[str, str], Any], kind: str) -> set[tuple[str, str, int]]:
    """Return who may speak to whom at which port, as the policies of one direction say."""
    name = "app.kubernetes.io/name"
    found = set()
    for one in objects.values():
        for rule in one["spec"].get(kind, ()) if one["kind"] == "NetworkPolicy" else ():
            own = one["spec"]["podSelector"]["matchLabels"].get(name)
            for peer in rule.get("from" if kind == "ingress" else "to", ()):
                other = peer.get("podSelector", {}).get("matchLabels", {}).get(name)
                ends = (other, own) if kind == "ingress" else (own, other)
                if own and other:
                    found |= {(*ends, port["port"]) for port in rule["ports"]}
    return found


@every_choice
def test_whoever_may_send_is_let_in_and_nobody_else(choice: str) -> None:
    objects = rendered(*CHOICES[choice])
    everybody = objects["NetworkPolicy", "nobody-but-names"]["spec"]
    assert everybody["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in everybody
    edges = {("dashboard", "producer", 9464), ("dashboard", "stream", 9464)}
    if choice != "elsewhere":
        clients = ("kafka", "topics", "producer", "stream")
        edges |= {(one, "kafka", 9092) for one in clients} | {("kafka", "kafka", 9093)}
    if choice != "all":
        edges.add(("producer", "simulator", 8000))
    assert reached(objects, "ingress") == reached(objects, "egress") == edges


def test_only_who_asks_the_vendor_reaches_the_internet() -> None:
    def who(choice: str) -> list[str]:
        spec = rendered(*CHOICES[choice])["NetworkPolicy", "to-the-internet"]["spec"]
        [chosen] = spec["podSelector"]["matchExpressions"]
        return list(chosen["values"])

    assert (who("external"), who("all")) == (["alerts"], ["producer", "alerts"])


def test_an_upgrade_migrates_before_all_else() -> None:
    hook = {"helm.sh/hook": "pre-upgrade", "helm.sh/hook-delete-policy": "before-hook-creation"}
    for name in ONCE:
        assert "annotations" not in rendered()["Job", name]["metadata"]
        assert rendered(upgrade=True)["Job", name]["metadata"]["annotations"] == hook


def test_what_keeps_nothing_leaves_a_lost_node_soon() -> None:
    soon = {
        name
        for choice in CHOICES.values()
        for name, pod in pods(*choice).items()
        if [one["tolerationSeconds"] for one in pod.get("tolerations", ())] == [10, 10]
    }
    assert soon == {"simulator", "stream", "dashboard", "guard", "alerts"}


def test_what_needs_the_database_waits_for_it() -> None:
    waiting = {
        name: {one["name"]: one.get("value") for one in first["env"]}["ROLE"]
        for name, pod in pods(*EXTERNAL, "alerts.enabled=true", "alerts.rules=rules").items()
        for first in pod.get("initContainers", ())
    }
    assert waiting == {
        "migrate": "postgres",
        "stream": "stream_writer",
        "dashboard": "dashboard_service",
        "alerts": "alerts_service",
    }
