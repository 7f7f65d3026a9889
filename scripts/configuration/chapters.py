"""All settings in the order of the documents, with who reads them and what Compose does.

In: the declarations and docker-compose.yml. Out: chapters, which other modules write down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from scripts.configuration import declared as others
from services.alertmanager import settings as alertmanager
from services.alerts import settings as alerts
from services.common import shared_settings
from services.common.kafka_cluster import settings as kafka_cluster
from services.common.settings import Setting
from services.common.settings_help import declared
from services.dashboard import settings as dashboard
from services.producer import settings as producer
from services.producer.alpha_vantage import source
from services.simulator import settings as simulator
from services.stream import settings as stream
from services.topics import settings as topics
from sql import migrate

READERS: Final[Mapping[str, tuple[ModuleType, ...]]] = {
    "producer": (source, kafka_cluster, producer),
    "topics": (kafka_cluster, topics),
    "stream": (kafka_cluster, stream),
    "dashboard": (dashboard,),
    "alerts": (alerts,),
    "migrate": (migrate,),
    "simulator": (simulator,),
    "alertmanager": (alertmanager,),
}
"""The modules with the settings of each service, by the service's name in docker-compose.yml."""


@dataclass(frozen=True)
class Chapter:
    """Settings that belong together."""

    title: str
    settings: tuple[Setting[Any], ...]


def settings_of(service: str) -> tuple[Setting[Any], ...]:
    """Return the settings that a service reads and that are for people."""
    names = {name: value for module in READERS[service] for name, value in vars(module).items()}
    return tuple(setting for setting in declared(names) if not setting.internal)


def readers_of(setting: Setting[Any]) -> tuple[str, ...]:
    """Return the services that read a setting."""
    return tuple(service for service in READERS if setting in settings_of(service))


def chapters() -> tuple[Chapter, ...]:
    """Return every setting that is for people, once."""
    common = {**vars(kafka_cluster), **vars(shared_settings)}
    shared = [one for one in declared(common) if not one.internal]

    def own(service: str) -> tuple[Setting[Any], ...]:
        return tuple(setting for setting in settings_of(service) if setting not in shared)

    return (
        Chapter("Producer", own("producer")),
        Chapter("Topics", own("topics")),
        Chapter("Stream and replay", own("stream")),
        Chapter("Dashboard", own("dashboard")),
        Chapter("Market alerts", own("alerts")),
        Chapter("Database (python -m sql.migrate)", own("migrate")),
        Chapter("Simulator", own("simulator")),
        Chapter("Alerts", own("alertmanager")),
        Chapter("Several services", tuple(shared)),
        Chapter("Containers", (*others.OF_EVERY_STACK, *others.OF_THE_PLACE)),
        Chapter("Commands (fab and Ansible, where they are typed)", others.OF_THE_COMMANDS),
    )


def compose_defaults(compose_file: str) -> dict[str, str]:
    """Return the variables of docker-compose.yml that have a default there."""
    return dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", compose_file))


def passed_on(compose_file: str) -> set[str]:
    """Return the variables that docker-compose.yml takes from its surroundings."""
    handed = re.findall(r"^ +([A-Z_]+):$", compose_file, re.MULTILINE)
    return {*compose_defaults(compose_file), *handed}
