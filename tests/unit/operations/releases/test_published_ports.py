"""Published ports: what Compose says of its file in, what another program holds out."""

from __future__ import annotations

import json
import socket
from contextlib import closing

from scripts.operations.releases import published_ports
from scripts.operations.releases.published_ports import PublishedPort
from scripts.operations.target import LOCAL
from tests.unit.operations.fakes import operation

NAMED = {
    "services": {
        "dashboard": {"ports": ["${DASHBOARD_PUBLISHED:-127.0.0.1:8050}:8050"]},
        "front": {"ports": ["${FRONT_PUBLISHED:-127.0.0.1:8443}:8443"]},
        "kafka": {},
        "postgres": {"ports": ["${POSTGRES_PUBLISHED:-127.0.0.1:5432}:5432"]},
    }
}


def resolved(postgres: int, dashboard: int) -> str:
    """Return what Compose says of the services of no profile, published at these ports."""
    return json.dumps(
        {
            "services": {
                "dashboard": {"ports": [{"published": str(dashboard), "target": 8050}]},
                "kafka": {},
                "postgres": {
                    "ports": [{"host_ip": "127.0.0.1", "published": str(postgres), "target": 5432}]
                },
            }
        }
    )


def test_each_published_port_is_known_with_its_setting() -> None:
    assert published_ports.published(json.dumps(NAMED), resolved(5432, 8050)) == [
        PublishedPort("dashboard", "DASHBOARD_PUBLISHED", "", 8050),
        PublishedPort("postgres", "POSTGRES_PUBLISHED", "127.0.0.1", 5432),
    ]


def test_a_port_that_another_program_holds_is_told_with_the_setting() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        with closing(socket.socket()) as unused:
            unused.bind(("127.0.0.1", 0))
            free = unused.getsockname()[1]
        elsewhere = port + 10_000 if port < 55_536 else port - 10_000
        answers = {
            "config --no-interpolate": json.dumps(NAMED),
            "config --format": resolved(port, free),
        }
        one, shell, _ = operation(answers, LOCAL)
        assert published_ports.taken(one) == [
            f"another program listens at 127.0.0.1:{port}, where postgres is to be published; "
            f"choose another: POSTGRES_PUBLISHED=127.0.0.1:{elsewhere} in .env"
        ]
        # What this stack's own containers hold is theirs.
        shell.answers["ps --format"] = json.dumps({"Publishers": [{"PublishedPort": port}]})
        assert published_ports.taken(one) == []
