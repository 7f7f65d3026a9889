"""Whether PostgreSQL is reached at a port, or only an engine that publishes a container's."""

from __future__ import annotations

import socket
import threading

from scripts.local_stack.servers.ports import HOST, free_ports
from scripts.operations.status.diagnosis import answers_as_postgresql
from tests.fixtures.servers import Postgres


def test_a_server_answers(postgres: Postgres) -> None:
    assert answers_as_postgresql(HOST, postgres.login.port) is True


def test_an_engine_that_reaches_nobody_behind_the_port_does_not() -> None:
    with socket.create_server((HOST, 0)) as engine:

        def take_and_hang_up() -> None:
            engine.accept()[0].close()

        thread = threading.Thread(target=take_and_hang_up)
        thread.start()
        assert answers_as_postgresql(HOST, engine.getsockname()[1]) is False
        thread.join()


def test_nobody_does_not() -> None:
    assert answers_as_postgresql(HOST, free_ports(1)[0]) is False
