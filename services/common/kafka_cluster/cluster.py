"""Where Kafka is and as whom to connect: one value in, the options of each kind of client out.

The certificate authority is held as text and not as a path, so that a Spark executor on another
machine needs neither the file nor a setting: it gets all of this with its task.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Any, Final

from services.common.secret import Secret

PLAINTEXT: Final = "PLAINTEXT"
SSL: Final = "SSL"
SASL_SSL: Final = "SASL_SSL"
PLAIN: Final = "PLAIN"
_MODULES: Final = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class KafkaCluster:
    """Brokers (HOST:PORT) and the way in. `ca` is PEM text, empty for the system's store;
    `mechanism`, `user` and `password` count with SASL_SSL alone."""

    brokers: tuple[str, ...]
    protocol: str = PLAINTEXT
    ca: str = field(default="", repr=False)
    mechanism: str = ""
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))

    def __str__(self) -> str:
        return ",".join(self.brokers)

    def lacking(self, right: str, what: str) -> str:
        """Return the line that says which right (an operation of Kafka's ACLs) to give on what."""
        who = f"the user {self.user}" if self.user else "a client without a user"
        return f"Kafka at {self}: {who} lacks the right {right} on {what}; add that ACL"

    def tls_context(self) -> ssl.SSLContext:
        """Return what checks the brokers' certificates and names. Raises ssl.SSLError."""
        context = ssl.create_default_context(cadata=self.ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def python_options(self) -> dict[str, Any]:
        """Return the arguments of a client of kafka-python."""
        options: dict[str, Any] = {"bootstrap_servers": list(self.brokers)}
        if self.protocol == PLAINTEXT:
            return options
        options |= {"security_protocol": self.protocol, "ssl_context": self.tls_context()}
        if self.protocol == SASL_SSL:
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password.reveal(),
            }
        return options

    def java_options(self) -> dict[str, str]:
        """Return the properties of a client in Java; the password is among them."""
        options = {"bootstrap.servers": str(self)}
        if self.protocol == PLAINTEXT:
            return options
        options["security.protocol"] = self.protocol
        if self.ca:
            options |= {"ssl.truststore.type": "PEM", "ssl.truststore.certificates": self.ca}
        if self.protocol == SASL_SSL:
            options |= {"sasl.mechanism": self.mechanism, "sasl.jaas.config": self._jaas()}
        return options

    def _jaas(self) -> str:
        module = "plain.PlainLoginModule" if self.mechanism == PLAIN else "scram.ScramLoginModule"
        login = {"username": self.user, "password": self.password.reveal()}
        words = " ".join(f'{name}="{_escaped(text)}"' for name, text in login.items())
        return f"{_MODULES}.{module} required {words};"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
