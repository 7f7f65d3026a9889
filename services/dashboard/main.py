"""Starts the dashboard: `python -m services.dashboard.main`. PostgreSQL in, a web page out."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Final

import uvicorn
import uvloop

from services.common import logs
from services.common.market.market_clock import utc_now
from services.common.process.stopping import stop_on_signals
from services.common.settings import Environment, SettingError
from services.common.settings_help import settings_help
from services.dashboard import settings as declared
from services.dashboard.app import Clocks, build
from services.dashboard.auth_middleware import HEADERS
from services.dashboard.settings import Settings, read_settings

SERVICE: Final = "dashboard"
_STOP_SECONDS: Final = 3
_HELP: Final = """\
Serves the live page, and the stored data as JSON, CSV and Parquet under /api (described in
/api/openapi.json). It reads as dashboard_service, which may see the views of bi and nothing else.

{settings}

exit codes: 0 stopped as asked; 2 a wrong setting, told in one line.
"""


class _Server(uvicorn.Server):
    """A server whose signals are handled in `main`: live streams must end before it stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def main(arguments: list[str] | None = None, variables: Mapping[str, str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    argparse.ArgumentParser(
        prog="python -m services.dashboard.main",
        description=_HELP.format(settings=settings_help(vars(declared))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args(arguments)
    try:
        settings = read_settings(Environment(os.environ if variables is None else variables))
        listener = _bind(settings)
    except SettingError as error:
        print(f"dashboard: {error}", file=sys.stderr)  # noqa: T201 - there is no log yet
        return 2
    log = logs.configure(SERVICE, settings.log_level, settings.log_style, settings.secrets())
    for quiet in ("psycopg.pool", "uvicorn.error", "asyncio"):
        logging.getLogger(quiet).setLevel(logging.ERROR)
    with listener:
        uvloop.run(_serve(settings, listener, log))
    log.info("stopped")
    return 0


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise SettingError(
            f"cannot listen on DASHBOARD_HOST {settings.host}, DASHBOARD_PORT {settings.port}: "
            f"{error.strerror}; choose another, or port 0"
        ) from None
    return listener


async def _serve(settings: Settings, listener: socket.socket, log: logging.Logger) -> None:
    app = build(settings, log, Clocks(time.monotonic, utc_now))
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            headers=list(HEADERS.items()),
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
    )
    loop = asyncio.get_running_loop()

    def stop() -> None:
        app.state.subscribers.tell_all(None)
        server.should_exit = True

    def wake() -> None:
        loop.call_soon_threadsafe(stop)

    stop_on_signals(wake)
    host, port, *_ = listener.getsockname()
    log.info("serving http://%s:%d, PostgreSQL at %s", host, port, settings.postgres)
    await server.serve([listener])


if __name__ == "__main__":
    sys.exit(main())
