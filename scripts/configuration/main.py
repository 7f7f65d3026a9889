"""`scripts/generate`: writes what is made of settings and views, or says what is out of date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.chaos_testing.alerting.expectations import table
from scripts.configuration.column_descriptions import column_descriptions
from scripts.configuration.documents import (
    between_marks,
    configuration_page,
    container_rules,
    env_example,
    pulumi_project,
)
from scripts.configuration.grafana import dashboard_file
from scripts.configuration.options import parse
from scripts.launcher.paths import ROOT
from services.dashboard.pipeline_page.charts import CHARTS


def generated(root: Path) -> Mapping[str, str]:
    """Return the files of a checkout as they should be."""
    compose_file = (root / "docker-compose.yml").read_text("utf-8")
    return {
        ".env.example": env_example(compose_file),
        "docs/configuration.md": configuration_page(compose_file),
        "infra/config/container_settings.json": container_rules(compose_file),
        "Pulumi.yaml": pulumi_project((root / "Pulumi.yaml").read_text("utf-8")),
        "docs/alerts.md": between_marks((root / "docs" / "alerts.md").read_text("utf-8"), table()),
        "services/prometheus/grafana-dashboard.json": dashboard_file(CHARTS),
        "powerbi/model/column_descriptions.json": column_descriptions(
            file.read_text("utf-8") for file in sorted((root / "sql" / "views").rglob("*.sql"))
        ),
    }


def run(root: Path, *, check: bool) -> int:
    """Write the files that differ, or with `check` name them; return the exit code."""
    files = {root / name: text for name, text in generated(root).items()}
    stale = [
        file for file, text in files.items() if not file.exists() or file.read_text("utf-8") != text
    ]
    for file in stale:
        if check:
            print(f"{file.relative_to(root)} is out of date; run scripts/generate")
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(files[file], encoding="utf-8")
        print(f"wrote {file.relative_to(root)}")
    return 1 if check and stale else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    options: argparse.Namespace = parse(arguments)
    return run(ROOT, check=options.check)


if __name__ == "__main__":
    sys.exit(main())
