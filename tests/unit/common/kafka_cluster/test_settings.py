"""The settings of a connection to Kafka: what goes together, and a line for what does not."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.kafka_cluster.settings import read_cluster
from services.common.secret import Secret
from services.common.settings import Environment, SettingError


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """Return settings of every kind, with their files."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "password").write_text("c4nary\n", encoding="utf-8")
    (tmp_path / "lines").write_text("c4nary\nc4nary\n", encoding="utf-8")
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    return {
        "KAFKA_BOOTSTRAP": "b-1.example.org:9096, [::1]:9096",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_CA_FILE": str(tmp_path / "ca.pem"),
        "KAFKA_SASL_MECHANISM": "PLAIN",
        "KAFKA_USER": "tapeline",
        "KAFKA_PASSWORD_FILE": str(tmp_path / "password"),
    }


def test_without_a_setting_it_is_this_machine_s_broker() -> None:
    assert read_cluster(Environment({})) == KafkaCluster(("127.0.0.1:9092",))


def test_every_setting(variables: dict[str, str]) -> None:
    ca = Path(variables["KAFKA_CA_FILE"]).read_text("utf-8")
    assert read_cluster(Environment(variables)) == KafkaCluster(
        brokers=("b-1.example.org:9096", "[::1]:9096"),
        protocol="SASL_SSL",
        ca=ca,
        mechanism="PLAIN",
        user="tapeline",
        password=Secret("c4nary"),
    )


def test_tls_alone_needs_no_user_and_reads_no_password(variables: dict[str, str]) -> None:
    changed = {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_USER": "", "KAFKA_CA_FILE": ""}
    found = read_cluster(Environment({**variables, **changed, "KAFKA_PASSWORD_FILE": "/nowhere"}))
    assert found == KafkaCluster(("b-1.example.org:9096", "[::1]:9096"), "SSL")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"KAFKA_BOOTSTRAP": "kafka"}, "KAFKA_BOOTSTRAP holds 'kafka'; it must be HOST:PORT"),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"},
            "KAFKA_SECURITY_PROTOCOL is 'SASL_PLAINTEXT'; it must be one of PLAINTEXT, SSL, "
            "SASL_SSL",
        ),
        ({"KAFKA_PASSWORD": "c4nary"}, "KAFKA_PASSWORD is not read, since an environment is"),
        ({"KAFKA_USER": ""}, "KAFKA_USER is ''; KAFKA_SECURITY_PROTOCOL=SASL_SSL needs a name"),
        ({"KAFKA_USER": "a,b=c"}, "KAFKA_USER is 'a,b=c'; KAFKA_SECURITY_PROTOCOL=SASL_SSL needs"),
        ({"KAFKA_PASSWORD_FILE": ""}, "KAFKA_PASSWORD_FILE is not set; "),
        ({"KAFKA_PASSWORD_FILE": "empty"}, "KAFKA_PASSWORD_FILE points to "),
        ({"KAFKA_PASSWORD_FILE": "lines"}, "KAFKA_PASSWORD_FILE holds more than one line"),
        ({"KAFKA_PASSWORD_FILE": "absent"}, "KAFKA_PASSWORD_FILE points to "),
        ({"KAFKA_CA_FILE": "password"}, "KAFKA_CA_FILE is "),
        ({"KAFKA_CA_FILE": "empty"}, "KAFKA_CA_FILE is "),
        ({"KAFKA_CA_FILE": "absent"}, "KAFKA_CA_FILE is "),
        ({"KAFKA_SASL_MECHANISM": "GSSAPI"}, "KAFKA_SASL_MECHANISM is 'GSSAPI'; it must be one of"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL"}, "KAFKA_USER is set, but KAFKA_SECURITY_PROTOCOL is"),
        (
            {"KAFKA_SECURITY_PROTOCOL": "", "KAFKA_USER": ""},
            "KAFKA_CA_FILE is set, but KAFKA_SECURITY_PROTOCOL is PLAINTEXT",
        ),
    ],
)
def test_what_does_not_go_together_is_one_line_that_names_the_setting(
    variables: dict[str, str], changed: dict[str, str], message: str, tmp_path: Path
) -> None:
    files = {
        name: str(tmp_path / value)
        for name, value in changed.items()
        if name.endswith("_FILE") and value
    }
    with pytest.raises(SettingError) as caught:
        read_cluster(Environment({**variables, **changed, **files}))
    said = str(caught.value)
    assert said.startswith(message)
    assert "\n" not in said
    assert "c4nary" not in said
