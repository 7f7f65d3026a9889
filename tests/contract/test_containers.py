"""What docker-compose.yml and the Dockerfiles repeat is what is written elsewhere."""

from __future__ import annotations

import re

import yaml

from scripts.containers import base_image, compose_tool, go_tool
from scripts.launcher.paths import ROOT

COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")


def test_the_database_is_made_as_in_the_embedded_run() -> None:
    start = (ROOT / "services" / "postgres" / "entrypoint.sh").read_text("utf-8")
    for option in ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-EUTF8"):
        assert option in start
    assert "--data-checksums" in start


def test_all_images_begin_with_the_same_base() -> None:
    begin = set[str]()
    for file in ROOT.glob("services/**/Dockerfile"):
        stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?", file.read_text("utf-8"), re.MULTILINE)
        begin |= {name for name, _ in stages} - {own for _, own in stages}
    assert begin == {"${BASE_IMAGE}"}


def test_the_base_is_made_under_the_name_without_its_digest() -> None:
    named = "BASE_IMAGE: ${BASE_IMAGE:-debian:trixie-20260918-slim@sha256:" + "0f" * 32 + "}"
    assert base_image.base_name(named) == "debian:trixie-20260918-slim"


def test_what_waits_for_its_profile_is_as_hardened_as_the_rest() -> None:
    file = yaml.safe_load(COMPOSE)
    waiting = {name: one for name, one in file["services"].items() if "profiles" in one}
    assert {name: one["profiles"] for name, one in waiting.items()} == {
        **{name: [name] for name in ("alerts", "front", "spark-pages", "pgadmin", "kafka-ui")},
        **{
            name: ["observe"]
            for name in ("prometheus", "alertmanager", "node-exporter", "postgres-exporter")
        },
    }
    for name, one in waiting.items():
        assert one == one | file["x-hardened"], name
        assert {"mem_limit", "cpus", "pids_limit"} <= one.keys(), name


def test_nobody_but_the_front_is_on_the_network_that_the_dashboard_believes() -> None:
    file = yaml.safe_load(COMPOSE)
    members = {name for name, one in file["services"].items() if "web" in one.get("networks", ())}
    assert members == {"dashboard", "front"}
    assert file["networks"]["web"] == {"internal": True}
    alias = file["services"]["dashboard"]["networks"]["web"]["aliases"]
    assert alias == ["dashboard-web"]
    for name in ("front/nginx.conf", "dashboard/entrypoint.sh"):
        assert alias[0] in (ROOT / "services" / name).read_text("utf-8"), name


def test_compose_is_pinned() -> None:
    package = "github.com/docker/compose/v2"
    assert go_tool.pinned(compose_tool.MODULE, package) == "v2.40.3"
