"""Starts the alerts: `python -m services.alerts.main`. Stored bars in, messages out.

Exit codes: 0 stopped as asked, 2 a wrong setting or a wrong file of alerts.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.alerts import settings as declared
from services.alerts.metrics import Metrics
from services.alerts.rules.model import Receiver, RuleError, WebhookReceiver
from services.alerts.rules.reader import read_file
from services.alerts.service import Service, checked
from services.alerts.settings import Settings, read_settings
from services.common import fail_points, logs
from services.common.process.metrics_port import open_port
from services.common.process.stopping import stop_on_signals
from services.common.secret import Secret
from services.common.settings import SettingError
from services.common.settings_help import settings_help

SERVICE: Final = "alerts"
_NICENESS: Final = 10
"""An alert may wait for a moment, a bar may not. Between containers `cpu_shares` does the same."""
_HELP: Final = """\
Evaluates the rules of ALERTS_FILE at every bar that is stored, late and corrected ones too, and
tells its receivers: webhooks, signed as Standard Webhooks says, and what Apprise knows.

{settings}

exit codes: 0 stopped as asked; 2 a wrong setting or file, told in one line.
"""


def main(arguments: list[str] | None = None, variables: Mapping[str, str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.alerts.main",
        description=_HELP.format(settings=settings_help(vars(declared))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--check", type=Path, metavar="FILE", help="only say whether this file of alerts is right"
    )
    given = parser.parse_args(arguments)
    try:
        if given.check is not None:
            return _check(given.check)
        settings = read_settings(os.environ if variables is None else variables)
        alerts = checked(settings)
    except (SettingError, RuleError) as error:
        print(f"{SERVICE}: {error}", file=sys.stderr)  # noqa: T201 - there is no log yet
        return 2
    return _run(settings, Service(
        settings, alerts, stop_on_signals(), Metrics(),
        logs.configure(SERVICE, settings.log_level, settings.log_style, [
            settings.postgres.password, *_secrets(alerts.receivers),
        ]),
    ))  # fmt: skip


def _run(settings: Settings, service: Service) -> int:
    fail_points.arm(settings.fail_at, service.log)
    try:
        if settings.metrics_port is not None:
            open_port(
                service.metrics.serve, settings.metrics_host, settings.metrics_port, service.log
            )
    except SettingError as error:
        service.log.error("%s", error)  # noqa: TRY400 - one line
        return 2
    service.run()
    service.log.info("stopped as asked")
    return 0


def _secrets(receivers: tuple[Receiver, ...]) -> list[Secret]:
    found = [receiver.url for receiver in receivers]
    for receiver in receivers:
        if isinstance(receiver, WebhookReceiver) and receiver.signing_key is not None:
            found.append(receiver.signing_key)
    return found


def _check(file: Path) -> int:
    alerts = read_file(file)
    print(  # noqa: T201 - the answer
        f"{file}: {len(alerts.rules)} rules and {len(alerts.receivers)} receivers, all well formed"
    )
    return 0


if __name__ == "__main__":
    os.nice(_NICENESS)
    sys.exit(main())
