"""The Pulumi program: `pulumi up` runs it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

# Pulumi puts this folder on the path and not the checkout; its modules would hide Python's own.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [str(_HERE.parent), *(entry for entry in sys.path if Path(entry).resolve() != _HERE)]

import pulumi  # noqa: E402

from infra.config.catalog import RENTED, if_refused  # noqa: E402
from infra.config.reader import SettingError  # noqa: E402
from infra.config.stack_config import read_secrets, read_settings, require_sdk  # noqa: E402
from infra.leftovers import remind  # noqa: E402
from infra.preconditions import published, refuse_a_smaller_volume  # noqa: E402
from infra.program import Tapeline  # noqa: E402

TOLD: Final = 32


def main() -> None:
    """Make the stack and publish its outputs; a wrong configuration ends in one line."""
    config = pulumi.Config("tapeline")
    try:
        settings, given = read_settings(config), read_secrets(config)
        require_sdk(settings.cloud)
        before = published()
        refuse_a_smaller_volume(settings, before)
    except SettingError as error:
        raise pulumi.RunError(str(error)) from None
    remind(pulumi.get_stack(), before)
    if not before and settings.cloud in RENTED:
        pulumi.log.info(if_refused(settings.region, settings.size, settings.cloud))
    stack = Tapeline(pulumi.get_stack(), settings, given)
    for name, value in stack.outputs.items():
        pulumi.export(name, value)


try:
    main()
except pulumi.RunError as error:
    if __name__ != "__main__":
        raise
    # Pulumi would add a line of its own, unless this code says that the person has been told.
    pulumi.log.error(str(error))
    sys.exit(TOLD)
