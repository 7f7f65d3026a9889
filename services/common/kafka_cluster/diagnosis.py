"""Tells settings that are wrong from a broker that is away, which the clients do not.

In: a cluster to which no client could connect. Out: nothing where waiting is right, else an error
whose one line names the setting. One connection or two to each broker, seconds at most.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import closing
from typing import Final

from services.common.kafka_cluster.cluster import PLAINTEXT, SASL_SSL, KafkaCluster
from services.common.kafka_cluster.sasl_login import (
    LoginRefusedError,
    NotKafkaError,
    log_in,
    offered,
)
from services.common.settings import SettingError

LOOK_SECONDS: Final = 5.0
_WRONG_NAME: Final = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_WRONG_TIME: Final = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


class KafkaSetupError(SettingError):
    """The brokers answer, but not to these settings; the message is one line."""


def require_sound(cluster: KafkaCluster) -> None:
    """Return where nothing speaks against the settings: all is well, or no broker answers.

    Raises KafkaSetupError.
    """
    for address in cluster.brokers:
        host, _, port = address.rpartition(":")
        place = host.strip("[]"), int(port)
        try:
            if cluster.protocol == PLAINTEXT:
                _look_without_tls(address, place)
            else:
                _look_with_tls(cluster, address, place)
        except TimeoutError:
            return  # who waits to stop need not wait for each broker of a network that is away
        except (OSError, NotKafkaError):
            continue  # away, or on its way down


def _connect(place: tuple[str, int]) -> socket.socket:
    return socket.create_connection(place, timeout=LOOK_SECONDS)


def _look_without_tls(address: str, place: tuple[str, int]) -> None:
    try:
        with closing(_connect(place)) as connection:
            mechanisms = offered(connection, "")
    except (ConnectionResetError, NotKafkaError):
        if _speaks_tls(place):
            raise KafkaSetupError(
                f"Kafka at {address} asks for TLS, but KAFKA_SECURITY_PROTOCOL is PLAINTEXT; set "
                "it to SASL_SSL, or to SSL if the brokers ask for no user"
            ) from None
        raise
    if mechanisms is not None:
        raise KafkaSetupError(
            f"Kafka at {address} asks for a user without TLS, where a password could be read on "
            "its way; name the brokers' port for SASL_SSL in KAFKA_BOOTSTRAP"
        )


def _speaks_tls(place: tuple[str, int]) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with closing(_connect(place)) as bare, context.wrap_socket(bare):
            return True
    except OSError:
        return False


def _speaks_kafka(place: tuple[str, int]) -> bool:
    try:
        with closing(_connect(place)) as connection:
            offered(connection, "")
    except (OSError, NotKafkaError):
        return False
    return True


def _look_with_tls(cluster: KafkaCluster, address: str, place: tuple[str, int]) -> None:
    context = cluster.tls_context()
    with closing(_connect(place)) as bare:
        try:
            with context.wrap_socket(bare, server_hostname=place[0]) as connection:
                _look_for_login(cluster, address, connection)
        except ssl.SSLCertVerificationError as error:
            raise KafkaSetupError(_distrusted(cluster, address, error)) from None
        except (ssl.SSLEOFError, ConnectionResetError):
            if _speaks_kafka(place):
                raise KafkaSetupError(
                    f"Kafka at {address} speaks without TLS, but KAFKA_SECURITY_PROTOCOL is "
                    f"{cluster.protocol}; name the brokers' TLS port in KAFKA_BOOTSTRAP"
                ) from None
            raise
        except ssl.SSLError as error:
            raise KafkaSetupError(
                f"Kafka at {address} and this client do not agree on TLS "
                f"({error.reason or 'no reason given'}); TLS 1.2 or later is needed, and brokers "
                "that ask for a client's certificate are not supported"
            ) from None


def _distrusted(cluster: KafkaCluster, address: str, error: ssl.SSLCertVerificationError) -> str:
    why = " ".join(error.verify_message.split())
    if error.verify_code in _WRONG_NAME:
        return (
            f"Kafka at {address} shows a certificate for another name ({why}); put a name that "
            "the certificate has into KAFKA_BOOTSTRAP"
        )
    if error.verify_code in _WRONG_TIME:
        return (
            f"Kafka at {address} shows a certificate that is not valid now ({why}); renew it, or "
            "set this host's clock right"
        )
    trusted = "the file of KAFKA_CA_FILE" if cluster.ca else "this system's certificate store"
    return (
        f"Kafka at {address} shows a certificate that {trusted} does not vouch for ({why}); name "
        "the authority of the brokers by KAFKA_CA_FILE"
    )


def _look_for_login(cluster: KafkaCluster, address: str, connection: ssl.SSLSocket) -> None:
    mechanisms = offered(connection, cluster.mechanism)
    if cluster.protocol != SASL_SSL:
        if mechanisms is not None:
            raise KafkaSetupError(
                f"Kafka at {address} asks for a user, but KAFKA_SECURITY_PROTOCOL is SSL; set it "
                "to SASL_SSL, with KAFKA_USER and KAFKA_PASSWORD_FILE"
            )
        return
    if mechanisms is None:
        raise KafkaSetupError(
            f"Kafka at {address} asks for no user, but KAFKA_SECURITY_PROTOCOL is SASL_SSL; set it "
            "to SSL, or name the brokers' port for users in KAFKA_BOOTSTRAP"
        )
    if cluster.mechanism not in mechanisms:
        raise KafkaSetupError(
            f"Kafka at {address} does not know {cluster.mechanism}; set KAFKA_SASL_MECHANISM to "
            f"what it offers: {', '.join(mechanisms)}"
        )
    try:
        log_in(connection, cluster)
    except LoginRefusedError as error:
        reason = cluster.password.redact(str(error))
        raise KafkaSetupError(
            f"Kafka at {address} refuses the user {cluster.user} ({reason}); correct KAFKA_USER, "
            "the password in the file of KAFKA_PASSWORD_FILE, or KAFKA_SASL_MECHANISM"
        ) from None
