"""Writes Alertmanager's configuration: `python -m services.alertmanager.main FILE`.

Settings and the names of secret files in, a file of JSON, which is YAML, out. Standard library
alone. Exit codes: 0 written, 2 a wrong setting, told in one line.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from services.alertmanager import settings as declared
from services.alertmanager.configuration import configuration
from services.alertmanager.settings import read_settings
from services.common.settings import Environment, SettingError
from services.common.settings_help import settings_help


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.alertmanager.main",
        description="Write Alertmanager's configuration.\n\n" + settings_help(vars(declared)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="where the configuration goes")
    file: Path = parser.parse_args(arguments).file
    try:
        text = json.dumps(configuration(read_settings(Environment(os.environ))), indent=2)
    except SettingError as error:
        print(f"alertmanager: {error}", file=sys.stderr)  # noqa: T201 - there is no log
        return 2
    file.write_text(f"{text}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
