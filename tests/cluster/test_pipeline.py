"""The chart's own pods: bars come into the table, and go on whatever is taken away."""

from __future__ import annotations

import pytest
import yaml

from tests.cluster.market import SYMBOLS, check_table, wait_for_bars
from tests.cluster.trial import NAMESPACE, Trial
from tests.contract.kubernetes.chart import EXTERNAL, VALUES, rendered

QUICK = "-XX:TieredStopAtLevel=1"
RELEASE = "--selector=app.kubernetes.io/instance=tapeline"


@pytest.fixture(scope="module")
def running(trial: Trial) -> Trial:
    """Install the chart beside a database and wait until all is ready."""
    trial.volumes()
    trial.database()
    trial.alert_rules()
    small = {"storage": {"size": "1Gi", "className": "local"}}
    values = {
        "images": {"repository": trial.images, "pullPolicy": "Never"},
        "postgres": {
            "mode": "external",
            "external": {"host": "database", "authority": "database-authority"},
        },
        "kafka": {**small, "javaOptions": QUICK},
        "producer": {**small, "settings": {"SYMBOLS": ",".join(SYMBOLS)}},
        "stream": {"settings": {"SPARK_JAVA_OPTIONS": QUICK, "TRIGGER_SECONDS": "2"}},
        "simulator": {"speed": 15},
        "alerts": {"enabled": True, "rules": "alert-rules"},
    }
    (trial.folder / "values.yaml").write_text(yaml.safe_dump(values), "utf-8")
    trial.typed("helm upgrade --install")
    trial.wait_until_ready()
    return trial


def test_bars_come_into_the_table(running: Trial) -> None:
    wait_for_bars(running)
    running.typed("kubectl exec")  # reconcile


def test_helm_installs_it(running: Trial) -> None:
    chosen = (*EXTERNAL, "alerts.enabled=true", "alerts.rules=alert-rules")
    wanted = {kind: set[str]() for kind, _ in rendered(*chosen)}
    for kind, name in rendered(*chosen):
        wanted[kind].add(name)
    for kind, names in wanted.items():
        listed = running.kubectl("get", kind, RELEASE, "--output=name").split()
        own = {one.partition("/")[2] for one in listed} - {"kafka-kafka-0", "kafka-kafka-1"}
        assert own - {"kafka-kafka-2"} == names, kind


def test_the_brokers_are_on_both_nodes_and_know_their_zone(running: Trial) -> None:
    brokers = [one for one in running.pods() if one["metadata"]["name"].startswith("kafka-")]
    assert {one["spec"]["nodeName"] for one in brokers} == {"n1", "n2"}
    zones = {
        running.kubectl(
            *("exec", one["metadata"]["name"], "--", "grep", "rack", "/tmp/server.properties")  # noqa: S108 - in the container
        ).strip()
        for one in brokers
    }
    assert zones == {"broker.rack=zone-a", "broker.rack=zone-b"}


def test_a_reader_stays_within_its_limits(running: Trial) -> None:
    running.sql("alter role dashboard_reader set statement_timeout = 0")
    running.wait_for_sql(
        "select 'statement_timeout=30s' = any (rolconfig) from pg_roles "
        "where rolname = 'dashboard_reader'",
        "t",
    )


def test_the_market_of_the_first_install_goes_on(running: Trial) -> None:
    clock = ("get", "configmap", "market-clock", "--output=jsonpath={.data.clock}")
    before = running.kubectl(*clock)
    again = running.cluster.run(
        "helm",
        *("upgrade", "tapeline", "infra/kubernetes", "--dry-run=server", "--no-hooks"),
        *(f"--namespace={NAMESPACE}", f"--values={running.folder}/values.yaml"),
    )
    assert again.returncode == 0, again.stderr
    assert f'clock: "{before}"' in again.stdout


@pytest.mark.parametrize(
    "pod", ["kafka-1", "stream", "producer", "simulator", "dashboard", "guard", "alerts"]
)
def test_a_pod_that_is_deleted_by_force_is_replaced(running: Trial, pod: str) -> None:
    names = [one["metadata"]["name"] for one in running.pods()]
    [*_, chosen] = sorted(name for name in names if name.startswith(pod))
    running.kubectl("delete", "pod", chosen, "--force", "--grace-period=0")
    wait_for_bars(running)
    running.wait_until_ready()


def test_two_brokers_of_three_may_be_gone_for_a_while(running: Trial) -> None:
    running.kubectl("scale", "statefulset", "kafka", "--replicas=1")
    running.kubectl("wait", "--for=delete", "pod/kafka-1", "pod/kafka-2", "--timeout=120s")
    running.kubectl("scale", "statefulset", "kafka", "--replicas=3")
    wait_for_bars(running)
    running.wait_until_ready()


def test_an_upgrade_migrates_first_and_bars_go_on(running: Trial) -> None:
    running.typed("helm upgrade --install")
    wait_for_bars(running)
    running.wait_until_ready()


def test_a_node_that_is_gone_stops_nothing(running: Trial) -> None:
    running.cluster.kill("n2")
    wait_for_bars(running)
    running.wait_until_on("n1", {"stream", "dashboard", "simulator", "alerts", "guard"})
    wait_for_bars(running)


def test_a_node_that_comes_back_has_its_brokers_again(running: Trial) -> None:
    running.cluster.start("n2")
    running.wait_until_ready()
    wait_for_bars(running)


def test_nothing_of_all_that_is_lost_duplicated_wrong_or_stale(running: Trial) -> None:
    assert check_table(running) > 1000
    running.typed("kubectl exec")


def test_no_password_is_shown(running: Trial) -> None:
    kinds = "all,configmap,persistentvolumeclaim,networkpolicy,event"
    shown = running.kubectl("get", kinds, "--output=yaml")
    logs = running.kubectl("logs", "--selector=app.kubernetes.io/part-of=tapeline", "--tail=-1")
    assert VALUES["secrets"]["passwords"] in shown
    files = [*(running.folder / "passwords").iterdir()]
    assert len(files) == 9
    assert [file.name for file in files if file.read_text("utf-8") in shown + logs] == []


def test_what_was_removed_leaves_what_is_kept(running: Trial) -> None:
    for beginning in ("kubectl get pods", "kubectl logs", "helm uninstall"):
        running.typed(beginning)
    kinds = "deployment,statefulset,service,configmap,pvc"
    left = running.kubectl("get", kinds, RELEASE, "--output=name").split()
    assert left == [
        "configmap/market-clock",
        *(f"persistentvolumeclaim/kafka-kafka-{number}" for number in range(3)),
        "persistentvolumeclaim/producer",
    ]
    assert running.documented.never_run() == []
