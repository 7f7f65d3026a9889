"""docker-compose.yml itself: every service is hardened, and says no more than it must."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scripts.configuration.chapters import READERS, settings_of
from scripts.launcher.paths import ROOT
from tests.compose.stack import LONG_RUNNING, ONCE, run

Service = dict[str, Any]


@pytest.fixture(scope="module")
def config(program: Path) -> dict[str, Any]:
    """Return the file as Compose understands it, all profiles included."""
    bare = {name: os.environ[name] for name in ("PATH", "HOME")}
    command = [str(program), "--env-file", os.devnull, "--profile", "*", "config"]
    parsed: dict[str, Any] = json.loads(run([*command, "--format", "json"], bare))
    return parsed


OF_THE_CONTAINER = {
    "producer": {
        *("ALPHA_VANTAGE_KEY", "ALPHA_VANTAGE_SIMULATED", "SYMBOLS_FILE", "PRODUCER_STATE_DIR"),
        *("MARKET_CLOCK", "METRICS_HOST", "METRICS_PORT", "HEARTBEAT_FILE"),
    },
    "topics": set(),
    "stream": {
        *("METRICS_HOST", "METRICS_PORT", "HEARTBEAT_FILE", "CHECKPOINT_DIR"),
        *("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
        *("CONNECTOR_JARS_DIR", "SPARK_CLASS_ARCHIVE"),
    },
    "dashboard": {
        *("DASHBOARD_HOST", "DASHBOARD_PORT", "DASHBOARD_PASSWORD", "DASHBOARD_SERVICE_PASSWORD"),
        *("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB", "DASHBOARD_LIBRARY_DIR"),
        *("DASHBOARD_PRODUCER_METRICS_URL", "DASHBOARD_STREAM_METRICS_URL"),
        "DASHBOARD_PROMETHEUS_URL",
    },
    "alerts": {
        *("ALERTS_FILE", "ALERTS_SERVICE_PASSWORD", "HEARTBEAT_FILE", "METRICS_HOST"),
        *("METRICS_PORT", "POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB"),
    },
    "migrate": {setting.name for setting in settings_of("migrate")},
    "alertmanager": set(),
    "simulator": {
        *("SIMULATOR_HOST", "SIMULATOR_PORT", "SIMULATOR_BARS"),
        *("ALPHA_VANTAGE_PLAN", "MARKET_CLOCK"),
    },
}
"""What a container has of its own: addresses, folders and secrets, whatever others say."""


@pytest.mark.parametrize("service", READERS)
def test_a_setting_reaches_every_service_that_reads_it(
    service: str, program: Path, tmp_path: Path
) -> None:
    names = {setting.name for setting in settings_of(service)}
    given = {name: f"given-{name}" for name in names}
    lines = "".join(f"{name}={value}\n" for name, value in given.items())
    (tmp_path / "given.env").write_text(lines, encoding="utf-8")
    bare = {name: os.environ[name] for name in ("PATH", "HOME")}
    command = [str(program), "--env-file", str(tmp_path / "given.env"), "--profile", "*", "config"]
    parsed = json.loads(run([*command, "--format", "json"], bare))
    environment = parsed["services"][service].get("environment", {})
    reached = {name for name in names if environment.get(name) == given[name]}
    assert names - reached == OF_THE_CONTAINER[service]


@pytest.fixture(scope="module")
def services(config: dict[str, Any]) -> dict[str, Service]:
    found: dict[str, Service] = config["services"]
    assert found.keys() >= {*LONG_RUNNING, *ONCE}
    return found


def test_every_service_is_hardened(services: dict[str, Service]) -> None:
    wanted = {
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "init": True,
    }
    found = {name: {key: one.get(key) for key in wanted} for name, one in services.items()}
    assert found == dict.fromkeys(services, wanted)


def test_what_others_made_is_named_by_its_digest(services: dict[str, Service]) -> None:
    built = {one["image"] for one in services.values() if "build" in one}
    of_others = {one["image"] for one in services.values()} - built
    of_others |= {one["build"]["args"]["BASE_IMAGE"] for one in services.values() if "build" in one}
    assert len(of_others) == 2
    assert [name for name in of_others if not re.search(r"@sha256:[0-9a-f]{64}$", name)] == []


def test_no_service_is_given_a_right(services: dict[str, Service]) -> None:
    rights = ("cap_add", "privileged", "devices", "pid", "ipc", "userns_mode", "group_add")
    assert {name: [key for key in rights if one.get(key)] for name, one in services.items()} == {
        name: [] for name in services
    }


def test_no_service_runs_as_root(services: dict[str, Service]) -> None:
    users = {name: int(one["user"].split(":")[0]) for name, one in services.items()}
    assert {name: user for name, user in users.items() if user == 0} == {}


def test_every_service_has_limits_and_small_logs(services: dict[str, Service]) -> None:
    for name, one in services.items():
        assert 0 < int(one["mem_limit"]) <= 2 * 1024**3, name
        assert 0 < float(one["cpus"]) <= 2, name
        assert 0 < one["pids_limit"] <= 512, name
        assert one["logging"] == {
            "driver": "json-file",
            "options": {"max-size": "10m", "max-file": "5"},
        }, name


def test_the_limits_fit_a_machine_of_8_gib(services: dict[str, Service]) -> None:
    running = [one for name, one in services.items() if name in LONG_RUNNING]
    assert sum(int(one["mem_limit"]) for one in running) <= 7 * 1024**3


def test_what_watches_is_small(services: dict[str, Service]) -> None:
    watching = [one for one in services.values() if one.get("profiles") == ["observe"]]
    assert len(watching) == 4
    assert sum(int(one["mem_limit"]) for one in watching) <= 250 * 1024**2


def test_every_service_is_awaited_by_its_health_or_by_its_end(
    services: dict[str, Service],
) -> None:
    for name, one in services.items():
        conditions = {
            other["depends_on"][name]["condition"]
            for other in services.values()
            if name in other.get("depends_on", {})
        }
        if one["restart"].startswith("on-failure"):
            assert conditions == {"service_completed_successfully"}, name
            assert "healthcheck" not in one, name
        else:
            assert one["restart"] == "unless-stopped", name
            assert conditions <= {"service_healthy"}, name
            assert one["healthcheck"]["test"][0] == "CMD", name
            assert "stop_grace_period" in one, name


def test_ports_are_published_on_the_loopback_interface_alone(
    services: dict[str, Service],
) -> None:
    published = {
        (name, port["host_ip"], port["published"])
        for name, one in services.items()
        for port in one.get("ports", ())
    }
    assert {host for _, host, _ in published} == {"127.0.0.1"}
    assert {(name, port) for name, _, port in published if not services[name].get("profiles")} == {
        ("dashboard", "8050"),
        ("postgres", "5432"),
    }


def test_the_networks_keep_ingest_and_database_apart(
    config: dict[str, Any], services: dict[str, Service]
) -> None:
    internal = {name for name, one in config["networks"].items() if one.get("internal")}
    members = {
        network: {name for name, one in services.items() if network in (one.get("networks") or {})}
        for network in config["networks"]
    }
    assert internal == {"market", "ingest", "database", "compute", "figures", "web", "alerting"}
    assert members["ingest"] & members["database"] == {"stream", "spark-worker"}
    assert members["outside"] == {"producer"}
    assert members["figures"] == {"producer", "alerts", "dashboard", "prometheus"}
    assert members["alerting"] == {
        *("prometheus", "alertmanager"),
        *("node-exporter", "postgres-exporter"),
    }
    assert members["notices"] == {"alertmanager"}
    assert members["receivers"] == {"alerts"}
    assert members["endpoint"] == {"postgres"}
    assert members["pages"] == {"dashboard", "front", "spark-pages", "pgadmin", "kafka-ui"}
    assert members["web"] == {"dashboard", "front"}


def test_no_secret_and_no_engine_reaches_a_service(services: dict[str, Service]) -> None:
    for name, one in services.items():
        for variable in one.get("environment") or {}:
            is_secret = variable.endswith(("PASSWORD", "SECRET", "TOKEN", "KEY"))
            assert not is_secret, f"{name}: {variable}"
        sources = [volume.get("source", "") for volume in one.get("volumes", ())]
        assert not [source for source in sources if "docker.sock" in source], name


def test_kafka_ui_is_to_read_alone_and_shows_nothing_without_a_login(
    services: dict[str, Service],
) -> None:
    assert services["kafka-ui"]["environment"] == {
        "AUTH_TYPE": "LOGIN_FORM",
        "SPRING_SECURITY_USER_NAME": "tapeline",
        "SPRING_CONFIG_IMPORT": "configtree:/run/tapeline/",
        "DYNAMIC_CONFIG_ENABLED": "false",
        "KAFKA_CLUSTERS_0_NAME": "tapeline",
        "KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS": "kafka:9092",
        "KAFKA_CLUSTERS_0_READONLY": "true",
        "KAFKA_CLUSTERS_0_METRICS_PROMETHEUSEXPOSE": "false",
        "MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE": "health",
        "JAVA_OPTS": "-XX:MaxRAMPercentage=60",
    }


def test_nothing_is_taken_as_it_happens_to_be(services: dict[str, Service]) -> None:
    for name, one in services.items():
        _, _, tag = one["image"].partition("@")[0].rpartition(":")
        assert re.fullmatch(r"v?\d+\.\d+\.\d+", tag), f"{name}: {one['image']}"
    own = {one["image"] for one in services.values() if "build" in one}
    foreign = {one["image"] for one in services.values()} - own
    assert {image.partition(":")[0] for image in foreign} == {"ghcr.io/kafbat/kafka-ui"}


def test_the_images_carry_the_version_of_the_project(services: dict[str, Service]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    built = {name: one["build"]["labels"] for name, one in services.items() if "build" in one}
    version = "org.opencontainers.image.version"
    assert {name: labels[version] for name, labels in built.items()} == dict.fromkeys(
        built, project["version"]
    )
