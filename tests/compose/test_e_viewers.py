"""The viewers that are images of our own: on loopback, behind the generated passwords. And who
watches: it reaches every target, and tells."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests

from tests.compose.stack import Stack
from tests.fixtures.live import wait_for

PROFILES = ("--profile", "spark-pages", "--profile", "pgadmin")
VIEWERS = ("spark-pages", "pgadmin")
SECONDS = 20


@pytest.fixture(scope="module")
def viewers(stack: Stack) -> Iterator[Stack]:
    stack.typed("docker compose --profile pgadmin up -d")
    stack.compose(*PROFILES, "up", "--detach", *VIEWERS)
    wanted = dict.fromkeys(VIEWERS, "healthy").items()
    wait_for(lambda: wanted <= stack.health().items(), f"the viewers: {stack.health()}", 120)
    yield stack
    stack.compose(*PROFILES, "rm", "--force", "--stop", *VIEWERS)


def address(stack: Stack, name: str) -> str:
    return f"http://{stack.variables[name]}"


def test_they_are_published_on_the_loopback_interface_alone(viewers: Stack) -> None:
    published = {
        f"{place['HostIp']}:{place['HostPort']}"
        for one in viewers.containers().values()
        if one["Config"]["Labels"]["com.docker.compose.service"] in VIEWERS
        for places in one["NetworkSettings"]["Ports"].values()
        for place in places or ()
    }
    names = ("SPARK_MASTER_PUBLISHED", "SPARK_DRIVER_PUBLISHED", "PGADMIN_PUBLISHED")
    assert published == {viewers.variables[name] for name in names}
    assert {place.split(":")[0] for place in published} == {"127.0.0.1"}


def test_sparks_page_is_for_whom_knows_the_password_and_to_read_alone(viewers: Stack) -> None:
    page = address(viewers, "SPARK_MASTER_PUBLISHED")
    login = ("tapeline", viewers.secret("spark_pages_password"))
    assert requests.get(page, timeout=SECONDS).status_code == 401
    assert requests.get(page, auth=("tapeline", "tapeline"), timeout=SECONDS).status_code == 401
    shown = requests.get(page, auth=login, timeout=SECONDS)
    assert (shown.status_code, "tapeline stream" in shown.text) == (200, True)
    ending = requests.post(f"{page}/app/kill/", auth=login, timeout=SECONDS)
    assert ending.status_code == 403


def test_the_drivers_page_says_how_it_is_turned_on(viewers: Stack) -> None:
    login = ("tapeline", viewers.secret("spark_pages_password"))
    shown = requests.get(address(viewers, "SPARK_DRIVER_PUBLISHED"), auth=login, timeout=SECONDS)
    assert (shown.status_code, "SPARK_UI=true" in shown.text) == (502, True)


def log_in(page: str, password: str) -> tuple[requests.Session, str]:
    """Log in to pgAdmin; return the session and the page that it sends one to."""
    session = requests.Session()
    form = session.get(f"{page}/login", timeout=SECONDS).text
    token = re.search(r'"csrfToken": *"([^"]+)"', form)
    assert token is not None
    session.headers["X-pgA-CSRFToken"] = token[1]
    fields = {"email": "tapeline@example.com", "password": password, "internal_button": "Login"}
    answer = session.post(
        f"{page}/authenticate/login",
        data={**fields, "csrf_token": token[1]},
        allow_redirects=False,
        timeout=SECONDS,
    )
    return session, answer.headers["Location"]


def test_pgadmin_has_the_server_and_reads_it_through_tls(viewers: Stack) -> None:
    page = address(viewers, "PGADMIN_PUBLISHED")
    _, refused = log_in(page, "tapeline")
    assert refused.endswith("/login")
    session, entered = log_in(page, viewers.secret("pgadmin_password"))
    assert entered.endswith("/browser/")

    [server] = session.get(f"{page}/browser/server/nodes/1/", timeout=SECONDS).json()["result"]
    connecting = f"{page}/browser/server/connect/1/{server['_id']}"
    password = viewers.secret("dashboard_reader_password")
    connected = session.post(connecting, data={"password": password}, timeout=SECONDS)
    assert (server["label"], connected.status_code) == ("Tapeline", 200), connected.text
    tls = "select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) where usename = "
    assert viewers.rows(tls + "'dashboard_reader'") == [(True,)]


WATCHING = ("prometheus", "alertmanager", "node-exporter", "postgres-exporter")


@pytest.fixture
def watched(stack: Stack) -> Iterator[Stack]:
    stack.compose("--profile", "observe", "up", "--detach", "--no-deps", *WATCHING)
    wanted = dict.fromkeys(WATCHING, "healthy").items()
    wait_for(lambda: wanted <= stack.health().items(), f"who watches: {stack.health()}", 120)
    yield stack
    stack.compose("--profile", "observe", "rm", "--force", "--stop", *WATCHING)


def test_who_watches_reaches_every_target_and_is_always_on(watched: Stack) -> None:
    asking = ("--profile", "observe", "exec", "-T")
    query = ("promtool", "query", "instant", "http://localhost:9090", "up == 1")
    amtool = ("amtool", "--alertmanager.url=http://127.0.0.1:9093", "alert", "query")

    def up() -> set[str]:
        return {*re.findall(r'job="([^"]+)"', watched.compose(*asking, "prometheus", *query))}

    everything = {"producer", "stream", "node", "postgres", "prometheus", "alertmanager"}
    wait_for(lambda: up() == everything, f"all targets: {up()}", 120)

    def told() -> set[str]:
        return {*watched.compose(*asking, "alertmanager", *amtool).split()}

    wait_for(lambda: "Watchdog" in told(), "the watchdog", 120)
