"""The settings of a connection to Kafka, which every service that has one reads in the same way."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Final

from services.common.kafka_cluster.cluster import (
    PLAIN,
    PLAINTEXT,
    SASL_SSL,
    SSL,
    KafkaCluster,
)
from services.common.secret import Secret
from services.common.settings import Choice, Environment, File, SettingError, Shape, Text, Words

KAFKA_BOOTSTRAP: Final = Words(
    "KAFKA_BOOTSTRAP",
    "Kafka's brokers, HOST:PORT with commas in between.",
    "127.0.0.1:9092",
    Shape(r"([^\s:/,]+|\[[0-9A-Fa-f:]+\]):\d{1,5}", "HOST:PORT, with commas in between", each=True),
)
KAFKA_SECURITY_PROTOCOL: Final = Choice(
    "KAFKA_SECURITY_PROTOCOL",
    "PLAINTEXT, SSL (TLS alone), or SASL_SSL (TLS with user and password), as the brokers ask.",
    PLAINTEXT,
    (PLAINTEXT, SSL, SASL_SSL),
)
KAFKA_CA_FILE: Final = File(
    "KAFKA_CA_FILE",
    "The certificate authority of the brokers, PEM; without it the system's. In containers "
    "/run/kafka/ca.pem is the file secrets/kafka/ca.pem.",
)
KAFKA_SASL_MECHANISM: Final = Choice(
    "KAFKA_SASL_MECHANISM",
    "How SASL_SSL tells the password: SCRAM-SHA-512, SCRAM-SHA-256, or PLAIN (Confluent Cloud).",
    "SCRAM-SHA-512",
    ("SCRAM-SHA-512", "SCRAM-SHA-256", PLAIN),
)
KAFKA_USER: Final = Text(
    "KAFKA_USER",
    "The user of SASL_SSL.",
    "",
    Shape(r"[^\s\"\\,=]+", "a name without blanks, quotes, commas and equals signs"),
)
KAFKA_PASSWORD_FILE: Final = File(
    "KAFKA_PASSWORD_FILE",
    "The file with that user's password; there is no setting for the password itself. In "
    "containers it is the file secrets/kafka/password.",
)


def read_cluster(env: Environment) -> KafkaCluster:
    """Return the checked way to Kafka, with what its files hold. Raises SettingError."""
    if env.text("KAFKA_PASSWORD", ""):
        raise SettingError(
            "KAFKA_PASSWORD is not read, since an environment is shown to many: put the password "
            "into a file and name it by KAFKA_PASSWORD_FILE"
        )
    brokers, protocol = _brokers(env), KAFKA_SECURITY_PROTOCOL.read(env)
    user, ca_file = KAFKA_USER.read(env), KAFKA_CA_FILE.read(env)
    if user and protocol != SASL_SSL:
        raise SettingError(
            f"KAFKA_USER is set, but KAFKA_SECURITY_PROTOCOL is {protocol}, which tells no user; "
            "set it to SASL_SSL, or leave KAFKA_USER out"
        )
    if ca_file is not None and protocol == PLAINTEXT:
        raise SettingError(
            "KAFKA_CA_FILE is set, but KAFKA_SECURITY_PROTOCOL is PLAINTEXT, which has no "
            "certificates; set it to SSL or SASL_SSL, or leave KAFKA_CA_FILE out"
        )
    ca = "" if ca_file is None else _authority(ca_file)
    if protocol != SASL_SSL:
        return KafkaCluster(brokers, protocol, ca)
    _require_user(user)
    return KafkaCluster(brokers, protocol, ca, KAFKA_SASL_MECHANISM.read(env), user, _password(env))


def _require_user(user: str) -> None:
    shape = KAFKA_USER.shape
    if shape is not None and not re.fullmatch(shape.pattern, user):
        raise SettingError(
            f"KAFKA_USER is {user!r}; KAFKA_SECURITY_PROTOCOL=SASL_SSL needs {shape.described}"
        )


def _brokers(env: Environment) -> tuple[str, ...]:
    addresses, shape = KAFKA_BOOTSTRAP.read(env), KAFKA_BOOTSTRAP.shape
    for address in addresses:
        if shape is not None and not re.fullmatch(shape.pattern, address):
            raise SettingError(f"KAFKA_BOOTSTRAP holds {address!r}; it must be HOST:PORT")
    if not addresses:
        raise SettingError("KAFKA_BOOTSTRAP names no broker")
    return addresses


def _authority(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8")
        KafkaCluster((), SSL, text).tls_context()
    except ssl.SSLError:
        raise SettingError(f"KAFKA_CA_FILE is {file}, which holds no certificate in PEM") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            f"KAFKA_CA_FILE is {file}, which cannot be read: {type(error).__name__}"
        ) from None
    if not text.strip():
        raise SettingError(f"KAFKA_CA_FILE is {file}, which is empty")
    return text


def _password(env: Environment) -> Secret:
    if KAFKA_PASSWORD_FILE.read(env) is None:
        raise SettingError(
            "KAFKA_PASSWORD_FILE is not set; KAFKA_SECURITY_PROTOCOL=SASL_SSL needs the file with "
            "the password of KAFKA_USER"
        )
    password = env.secret("KAFKA_PASSWORD")
    if not password.reveal().isprintable():
        raise SettingError("KAFKA_PASSWORD_FILE holds more than one line, or what is no text")
    return password
