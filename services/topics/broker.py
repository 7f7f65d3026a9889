"""Looks at the broker's topics and changes them; the only file here that talks to Kafka."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import tenacity
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.kafka_cluster.diagnosis import require_sound
from services.common.topics import Topic
from services.topics.topic_changes import Existing

_LOOK_SECONDS = 0.1
_NO_ERROR = 0
_ALREADY_EXISTS = 36  # another run was a moment faster
_DENIED = (TopicAuthorizationFailedError.errno, ClusterAuthorizationFailedError.errno)
_BOOTSTRAP_SECONDS = 5.0


class BrokerError(Exception):
    """The broker did not answer in time or refused; the message is one line."""


class Broker:
    """A connection to the cluster. Every method raises BrokerError."""

    def __init__(self, cluster: KafkaCluster, wait_seconds: float) -> None:
        """Wait for the brokers so long; raises also KafkaSetupError where that helps nobody."""
        self._wait_seconds = wait_seconds
        self._cluster = cluster
        waiting = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(KafkaError),
            wait=tenacity.wait_fixed(_LOOK_SECONDS),
            stop=tenacity.stop_after_delay(wait_seconds),
        )
        try:
            self._admin = waiting(self._connected)
        except tenacity.RetryError:
            raise BrokerError(
                f"no Kafka broker answered at {cluster} within {wait_seconds:g} s; "
                "start it, or correct KAFKA_BOOTSTRAP"
            ) from None

    def _connected(self) -> KafkaAdminClient:
        try:
            return KafkaAdminClient(
                **self._cluster.python_options(),
                bootstrap_timeout_ms=int(min(self._wait_seconds, _BOOTSTRAP_SECONDS) * 1000),
                reconnect_backoff_max_ms=1000,
                client_id="tapeline-topics",
            )
        except KafkaError:
            require_sound(self._cluster)
            raise

    def close(self) -> None:
        """End the connection."""
        self._admin.close()

    def existing(self, names: Collection[str]) -> dict[str, Existing]:
        """Return those of the named topics that exist, by name."""
        try:
            described = self._admin.describe_topics(list(names))
            denied = [one["name"] for one in described if one["error_code"] in _DENIED]
            if denied:
                raise self._lacking("Describe", ", ".join(sorted(denied)))
            found = {
                topic["name"]: topic["partitions"]
                for topic in described
                if topic["error_code"] == _NO_ERROR
            }
            configs = self._configs(found)
        except KafkaError as error:
            raise BrokerError(_one_line("looking at the topics", error)) from None
        return {
            name: Existing(
                partitions=len(partitions),
                config=configs[name],
                replicas=min(len(each["replica_nodes"]) for each in partitions),
            )
            for name, partitions in found.items()
        }

    def create(self, topics: Iterable[Topic]) -> None:
        """Create the topics and wait until each partition has a leader."""
        options = {
            topic.name: {
                "num_partitions": topic.partitions,
                "replication_factor": topic.replication_factor,
                "configs": dict(topic.config),
            }
            for topic in topics
        }
        try:
            answer = self._admin.create_topics(options, raise_errors=False)
            for topic in answer["topics"]:
                if topic["error_code"] in _DENIED:
                    raise self._lacking("Create", topic["name"])
                if topic["error_code"] not in (_NO_ERROR, _ALREADY_EXISTS):
                    raise BrokerError(
                        _one_line(f"creating {topic['name']}", topic["error_message"])
                    )
            self._admin.wait_for_topics([*options])
        except KafkaError as error:
            raise BrokerError(_one_line(f"creating {', '.join(options)}", error)) from None

    def configure(self, name: str, config: Mapping[str, str]) -> None:
        """Set configuration values of a topic, leave its others alone, and wait until the broker
        goes by them."""
        resource = ConfigResource(ConfigResourceType.TOPIC, name, dict(config))
        try:
            outcome = self._admin.alter_configs([resource])["topic"][name]
        except (KafkaError, ValueError) as error:
            raise BrokerError(_one_line(f"configuring {name}", error)) from None
        if outcome != "OK":
            said = ", ".join(f"{key}={value}" for key, value in config.items())
            keep = f"; or set {said} there, or KAFKA_TOPIC_SETTINGS=keep, which leaves it"
            if TopicAuthorizationFailedError.__name__ in outcome:
                raise BrokerError(f"{self._lacking('AlterConfigs', name)}{keep}")
            raise BrokerError(_one_line(f"configuring {name}", outcome) + keep)
        self._await_config(name, config)

    def _await_config(self, name: str, config: Mapping[str, str]) -> None:
        # The controller says OK before the broker has heard of the change.
        asking = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda found: not config.items() <= found.items()),
            wait=tenacity.wait_fixed(_LOOK_SECONDS),
            stop=tenacity.stop_after_delay(self._wait_seconds),
        )
        try:
            asking(lambda: self._configs([name])[name])
        except tenacity.RetryError:
            seconds = f"{self._wait_seconds:g}"
            raise BrokerError(
                f"configuring {name} failed: the broker does not show it after {seconds} s"
            ) from None
        except KafkaError as error:
            raise BrokerError(_one_line(f"configuring {name}", error)) from None

    def _configs(self, names: Collection[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        answer = self._admin.describe_configs(resources, config_filter="all")["topic"]
        unseen = [name for name, config in answer.items() if not config]
        if unseen:
            raise self._lacking("DescribeConfigs", ", ".join(sorted(unseen)))
        return {
            name: {key: found["value"] for key, found in config.items()}
            for name, config in answer.items()
        }

    def _lacking(self, right: str, topics: str) -> BrokerError:
        return BrokerError(self._cluster.lacking(right, f"the topic {topics}"))


def _one_line(action: str, error: object) -> str:
    return f"{action} failed: {' '.join(str(error).split())}"
