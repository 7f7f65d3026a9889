"""The command line of scripts/generate. Standard library alone: --help answers before set-up."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        prog="scripts/generate",
        description="Write what is made of the declared settings: .env.example, "
        "docs/configuration.md, infra/config/container_settings.json, and the keys in Pulumi.yaml.",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a file is out of date"
    )
    return parser.parse_args(arguments)
