"""scripts/generate writes what is out of date, and --check says what is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from scripts.configuration import main as generate
from scripts.launcher.paths import ROOT

MADE = [
    ".env.example",
    "docs/configuration.md",
    "infra/config/container_settings.json",
    "Pulumi.yaml",
    "docs/alerts.md",
    "services/prometheus/grafana-dashboard.json",
    "powerbi/model/column_descriptions.json",
]
_VIEW = """\
-- Grain: one row per bar.
--   open, close  price of the first and of
--                the last trade
create or replace view bi.bars as select 1;
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder with the files that others are made of, Pulumi's keys left out."""
    (tmp_path / "infra" / "config").mkdir(parents=True)
    (tmp_path / "sql" / "views").mkdir(parents=True)
    (tmp_path / "sql" / "views" / "100_bars.sql").write_text(_VIEW, "utf-8")
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "alerts.md").write_text("# Mine\n", "utf-8")
    (tmp_path / "Pulumi.yaml").write_text("# mine\nname: tapeline\nconfig:\n  old: {}\n", "utf-8")
    return tmp_path


def test_what_is_missing_is_written_and_then_in_date(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate.run(checkout, check=True) == 1
    assert not (checkout / ".env.example").exists()
    assert generate.run(checkout, check=False) == 0
    assert capsys.readouterr().out.splitlines()[-7:] == [f"wrote {name}" for name in MADE]
    assert generate.run(checkout, check=True) == 0
    assert capsys.readouterr().out == ""
    project = (checkout / "Pulumi.yaml").read_text("utf-8")
    assert (checkout / "docs" / "alerts.md").read_text("utf-8").startswith("# Mine\n")
    assert project.startswith("# mine\nname: tapeline\nconfig:\n  cloud:\n")


def test_a_default_of_compose_reaches_the_documents(checkout: Path) -> None:
    file = checkout / "docker-compose.yml"
    file.write_text(file.read_text("utf-8").replace("KAFKA_MEMORY:-1g", "KAFKA_MEMORY:-7g"))
    generate.run(checkout, check=False)
    assert "\n#KAFKA_MEMORY=7g\n" in (checkout / ".env.example").read_text("utf-8")
    assert "\n| `KAFKA_MEMORY` | `7g` |" in (checkout / "docs/configuration.md").read_text("utf-8")


def test_the_head_of_a_view_reaches_power_bi(checkout: Path) -> None:
    generate.run(checkout, check=False)
    text = (checkout / "powerbi/model/column_descriptions.json").read_text("utf-8")
    told = "price of the first and of the last trade"
    assert json.loads(text)["bars"] == {"open": told, "close": told}
