"""A cluster's options, for clients in Python and in Java."""

from __future__ import annotations

import pickle
import ssl

import trustme

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.secret import Secret

BROKERS = ("b-1:9096", "b-2:9096")
CA = trustme.CA().cert_pem.bytes().decode()


def secured(mechanism: str = "SCRAM-SHA-512", password: str = "pw") -> KafkaCluster:  # noqa: S107
    return KafkaCluster(BROKERS, "SASL_SSL", CA, mechanism, "tapeline", Secret(password))


def test_a_plain_cluster_needs_its_address_alone() -> None:
    cluster = KafkaCluster(BROKERS)
    assert cluster.python_options() == {"bootstrap_servers": [*BROKERS]}
    assert cluster.java_options() == {"bootstrap.servers": "b-1:9096,b-2:9096"}


def test_a_client_in_java_gets_the_authority_as_text_and_the_login_escaped() -> None:
    assert secured(password='a"b\\c').java_options() == {
        "bootstrap.servers": "b-1:9096,b-2:9096",
        "security.protocol": "SASL_SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": CA,
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required "
        'username="tapeline" password="a\\"b\\\\c";',
    }
    plain = secured("PLAIN").java_options()["sasl.jaas.config"]
    assert plain.startswith("org.apache.kafka.common.security.plain.PlainLoginModule required ")


def test_a_client_in_python_checks_certificate_and_name() -> None:
    options = secured().python_options()
    context = options.pop("ssl_context")
    assert options == {
        "bootstrap_servers": [*BROKERS],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "tapeline",
        "sasl_plain_password": "pw",
    }
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert len(context.get_ca_certs()) == 1


def test_it_travels_to_executors_whole_and_shows_no_password() -> None:
    cluster = secured(password="c4nary")
    assert pickle.loads(pickle.dumps(cluster)) == cluster  # noqa: S301 - our own
    assert "c4nary" not in f"{cluster} {cluster!r} {cluster.lacking('Read', 'the topic t')}"


def test_a_missing_right_names_who_lacks_what() -> None:
    assert secured().lacking("Write", "the topic market.bars") == (
        "Kafka at b-1:9096,b-2:9096: the user tapeline lacks the right Write on the topic "
        "market.bars; add that ACL"
    )
    assert "a client without a user lacks" in KafkaCluster(BROKERS).lacking("Read", "x")
