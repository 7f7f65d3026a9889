"""A Kafka with TLS, users and ACLs, as a managed one: what each service says and does there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAuthorizationFailedError

from scripts.launcher.paths import ROOT
from scripts.local_stack.servers.ports import HOST, free_ports
from services.common import topics
from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.kafka_cluster.diagnosis import KafkaSetupError, require_sound
from services.common.kafka_cluster.settings import read_cluster
from services.common.secret import Secret
from services.common.settings import Environment
from services.stream.broker import RightMissingError, topic_facts
from tests.fixtures.live import wait_for
from tests.fixtures.secured_kafka import CANARY, CLOUD_USER, NAME, SecuredKafka


def cluster(kafka: SecuredKafka, user: str = "stream", **changed: str) -> KafkaCluster:
    return read_cluster(Environment(kafka.variables(user, **changed)))


def run(kafka: SecuredKafka, module: str, user: str, **changed: str) -> tuple[int, str]:
    """Run a service to its end; return its exit code and its last line."""
    done = subprocess.run(
        [sys.executable, "-m", module],
        env={**os.environ, **kafka.variables(user), **changed},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert CANARY not in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, (done.stdout + done.stderr).splitlines()[-1]


def run_topics(kafka: SecuredKafka, **changed: str) -> tuple[int, str]:
    return run(kafka, "services.topics.main", "topics", **changed)


def may(kafka: SecuredKafka, right: str) -> bool:
    """Return whether the controller, which hears of a right later than the broker, lets topics."""
    name = topics.QUOTES.name if right == "Create" else topics.BARS.name
    place = ConfigResource(ConfigResourceType.TOPIC, name, {"retention.ms": "1000"})
    with KafkaAdminClient(**cluster(kafka, "topics").python_options()) as admin:
        if right == "Create":
            answer = admin.create_topics([name], validate_only=True, raise_errors=False)
            return bool(answer["topics"][0]["error_code"] != TopicAuthorizationFailedError.errno)
        asked = admin.alter_configs([place], validate_only=True, raise_on_unknown=False)
        return bool(asked["topic"][name] == "OK")


Change = Callable[[SecuredKafka, KafkaCluster], KafkaCluster]


def at(port: str) -> Change:
    return lambda kafka, sound: replace(sound, brokers=(f"{NAME}:{getattr(kafka, port)}",))


def with_(**changed: object) -> Change:
    return lambda _, sound: replace(sound, **changed)  # type: ignore[arg-type]


WRONG: dict[str, tuple[tuple[Change, ...], str]] = {
    "password": (
        (with_(password=Secret("wr0ng")),),
        "refuses the user stream (Authentication failed during authentication due to invalid "
        "credentials with SASL mechanism SCRAM-SHA-512); correct KAFKA_USER, the password in the "
        "file of KAFKA_PASSWORD_FILE, or KAFKA_SASL_MECHANISM",
    ),
    "user": ((with_(user="nobody"),), "refuses the user nobody ("),
    "password of PLAIN": ((with_(mechanism="PLAIN"),), "refuses the user stream ("),
    "authority": (
        (lambda kafka, sound: replace(sound, ca=kafka.stranger_ca_file.read_text("utf-8")),),
        "shows a certificate that the file of KAFKA_CA_FILE does not vouch for (",
    ),
    "no authority": (
        (with_(ca=""),),
        "shows a certificate that this system's certificate store does not vouch for (",
    ),
    "name": (
        (lambda kafka, sound: replace(sound, brokers=(f"{HOST}:{kafka.sasl_port}",)),),
        "shows a certificate for another name (IP address mismatch, certificate is not valid for "
        "'127.0.0.1'.); put a name that the certificate has into KAFKA_BOOTSTRAP",
    ),
    "no TLS at a port with users": (
        (with_(protocol="PLAINTEXT"),),
        "asks for TLS, but KAFKA_SECURITY_PROTOCOL is PLAINTEXT; set it to SASL_SSL, or to SSL if",
    ),
    "no TLS at a port without users": (
        (at("tls_port"), with_(protocol="PLAINTEXT")),
        "asks for TLS, but KAFKA_SECURITY_PROTOCOL is PLAINTEXT",
    ),
    "TLS at a port without it": (
        (at("plain_port"),),
        "speaks without TLS, but KAFKA_SECURITY_PROTOCOL is SASL_SSL",
    ),
    "no user where one is asked for": (
        (with_(protocol="SSL"),),
        "asks for a user, but KAFKA_SECURITY_PROTOCOL is SSL; set it to SASL_SSL, with KAFKA_USER",
    ),
    "a user where none is asked for": (
        (at("tls_port"),),
        "asks for no user, but KAFKA_SECURITY_PROTOCOL is SASL_SSL; set it to SSL",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_in_one_line_that_names_the_setting(
    case: str, secured_kafka: SecuredKafka
) -> None:
    changes, message = WRONG[case]
    wrong = cluster(secured_kafka)
    for change in changes:
        wrong = change(secured_kafka, wrong)
    with pytest.raises(KafkaSetupError) as caught:
        require_sound(wrong)
    said = str(caught.value)
    assert said.startswith(f"Kafka at {wrong} {message}")
    assert "\n" not in said
    assert CANARY not in said


def test_a_mechanism_that_is_not_offered_is_told_with_those_that_are(
    secured_kafka: SecuredKafka,
) -> None:
    with pytest.raises(KafkaSetupError) as caught:
        require_sound(replace(cluster(secured_kafka), mechanism="SCRAM-SHA-1"))
    offered = {"SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"}
    said, _, listed = str(caught.value).partition("set KAFKA_SASL_MECHANISM to what it offers: ")
    assert "does not know SCRAM-SHA-1" in said
    assert {*listed.split(", ")} == offered


def test_nothing_speaks_against_settings_that_fit_or_a_broker_that_is_away(
    secured_kafka: SecuredKafka,
) -> None:
    sound = cluster(secured_kafka)
    [port] = free_ports(1)
    require_sound(sound)
    require_sound(replace(sound, mechanism="SCRAM-SHA-256"))
    require_sound(cluster(secured_kafka, CLOUD_USER, KAFKA_SASL_MECHANISM="PLAIN"))
    tls = replace(sound, protocol="SSL", brokers=(f"{NAME}:{secured_kafka.tls_port}",))
    require_sound(tls)
    assert topic_facts(tls, "none") is None
    require_sound(KafkaCluster((f"{NAME}:{secured_kafka.plain_port}",)))
    require_sound(replace(sound, brokers=(f"{NAME}:{port}",)))


def test_services_end_with_that_line_and_code_2(
    secured_kafka: SecuredKafka, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("wr0ng", "utf-8")
    wrong = {"KAFKA_PASSWORD_FILE": str(tmp_path / "password")}
    code, line = run_topics(secured_kafka, **wrong)
    assert code == 2
    assert "refuses the user topics (" in line


def test_the_topics_are_made_with_the_rights_of_their_user(secured_kafka: SecuredKafka) -> None:
    name = topics.QUOTES.name
    with secured_kafka.admin() as admin:
        if name in admin.list_topics():
            admin.delete_topics([name])
            wait_for(lambda: name not in admin.list_topics(), "the topic to go")
    secured_kafka.withdraw("topics", name, "Create")
    wait_for(lambda: not may(secured_kafka, "Create"), "the right to go")
    try:
        code, line = run_topics(secured_kafka)
        assert code == 1
        assert f"user topics lacks the right Create on the topic {name}; add that ACL" in line
    finally:
        secured_kafka.allow("topics", (name, "Create"))
        wait_for(lambda: may(secured_kafka, "Create"), "the right to come")
    assert run_topics(secured_kafka)[0] == 0
    code, line = run_topics(secured_kafka)
    assert code == 0
    assert line.endswith("all 6 topics are there and as they should be")
    assert topic_facts(cluster(secured_kafka), name) is not None
    with pytest.raises(RightMissingError) as caught:
        topic_facts(cluster(secured_kafka, "producer"), topics.REJECTED.name)
    assert str(caught.value) == (
        f"Kafka at {NAME}:{secured_kafka.sasl_port}: the user producer lacks the right Describe on "
        f"the topic {topics.REJECTED.name}; add that ACL"
    )


def test_topics_of_others_are_left_as_they_are_or_told_of(secured_kafka: SecuredKafka) -> None:
    assert run_topics(secured_kafka)[0] == 0
    wanted = f"retention.ms={topics.BARS.config['retention.ms']}"
    changed = {"retention.ms": "86400000"}
    with secured_kafka.admin() as admin:
        place = ConfigResource(ConfigResourceType.TOPIC, topics.BARS.name)
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, place.name, changed)])

        def shown() -> object:
            config = admin.describe_configs([place], config_filter="all")["topic"][place.name]
            return config["retention.ms"]["value"]

        wait_for(lambda: shown() == changed["retention.ms"], "another retention")
    name = topics.BARS.name
    secured_kafka.withdraw("topics", name, "AlterConfigs")  # it has let the user see them, too
    wait_for(lambda: not may(secured_kafka, "AlterConfigs"), "the right to go")
    try:
        code, line = run_topics(secured_kafka)
        assert code == 1
        assert f"lacks the right DescribeConfigs on the topic {name}; add that ACL" in line
        secured_kafka.allow("topics", (name, "DescribeConfigs"))
        code, line = run_topics(secured_kafka)
        assert code == 1
        assert line.endswith(
            f"lacks the right AlterConfigs on the topic {name}; add that ACL; or set {wanted} "
            "there, or KAFKA_TOPIC_SETTINGS=keep, which leaves it"
        )
        code, line = run_topics(secured_kafka, KAFKA_TOPIC_SETTINGS="keep")
        assert code == 0
        assert line.endswith(f"{name} is left as it is (KAFKA_TOPIC_SETTINGS), without {wanted}")
    finally:
        secured_kafka.withdraw("topics", name, "DescribeConfigs")
        secured_kafka.allow("topics", (name, "AlterConfigs"))
    wait_for(lambda: may(secured_kafka, "AlterConfigs"), "the right to come")
    code, line = run_topics(secured_kafka)
    assert code == 0
    assert line.endswith(f"set on {topics.BARS.name}: {wanted}")
