"""Starts the simulator: settings and clocks go in, a server that runs until SIGTERM comes out."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from services.common import logs
from services.common.market.market_clock import utc_now
from services.common.process.stopping import stop_on_signals
from services.common.settings import Environment, SettingError
from services.common.settings_help import declared
from services.simulator import settings as settings_module
from services.simulator.api.calls import Api
from services.simulator.api.dispatch import Dispatcher
from services.simulator.api.faults import NAMES, Faults
from services.simulator.api.rate_limits import Limiter
from services.simulator.market.bars import BarSource, SimulatedBars
from services.simulator.market.corporate_actions import SYMBOLS_HELP, SharesWithActions
from services.simulator.market.recorded_bars import RecordedBars, load_recordings
from services.simulator.market.trading_sessions import Sessions, load_sessions
from services.simulator.server import SimulatorServer
from services.simulator.settings import Settings, read_settings

_PREFIXES: Final = ("SIMULATOR_", "ALPHA_VANTAGE_")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.simulator.main",
        description="A stand-in for the Alpha Vantage API: the same JSON, limits and messages, "
        "over a market that is computed from a seed.",
        epilog="Each option may be given as the environment variable in brackets. While it runs, "
        "GET /health, GET /requests and GET or PUT /faults answer beside GET /query. "
        f"Faults: {', '.join(NAMES)}. {SYMBOLS_HELP}",
    )
    for setting in declared(vars(settings_module)):
        name = setting.name
        for prefix in _PREFIXES:
            name = name.removeprefix(prefix)
        default = f" ({setting.default_text})" if setting.default_text else ""
        parser.add_argument(
            f"--{name.lower().replace('_', '-')}",
            dest=setting.name,
            metavar=name.rpartition("_")[2],
            help=f"{setting.help}{default} [{setting.name}]",
        )
    parser.add_argument(
        "--start",
        metavar="INSTANT",
        help="let the market stand at this instant now (ISO 8601 with offset); with --speed alone "
        "it is the open of the newest session that is over",
    )
    parser.add_argument("--speed", metavar="N", help="let the market's time go N times as fast")
    parser.add_argument(
        "--clock-file",
        type=Path,
        metavar="FILE",
        help="keep the clock that --start and --speed make in this file, and go on by the one that "
        "it holds, so that the market goes on after a restart and others can follow it",
    )
    return parser


def build_dispatcher(settings: Settings, sessions: Sessions) -> Dispatcher:
    """Put the parts together; raises SettingError if recorded bars cannot be read."""
    source: BarSource
    if settings.bars is None:
        made = SimulatedBars(settings.seed, sessions)
        source = SharesWithActions(made, sessions)
    else:
        source = RecordedBars(load_recordings(settings.bars), sessions)
    api = Api(
        source,
        sessions,
        settings.plan,
        Limiter(settings.plan, time.monotonic, utc_now),
        settings.market_clock.now,
    )
    return Dispatcher(api, Faults(settings.seed, settings.faults))


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code (2: a setting is wrong)."""
    given = {k: v for k, v in vars(_parser().parse_args(arguments)).items() if v is not None}
    start, speed = given.pop("start", None), given.pop("speed", None)
    clock_file = given.pop("clock_file", None)
    try:
        sessions = load_sessions(utc_now())
        if start is not None or speed is not None:
            clock = market_clock_from(start, speed or "1", sessions, utc_now())
            given["MARKET_CLOCK"] = _kept(clock, clock_file)
        settings = read_settings(Environment({**os.environ, **given}))
        dispatcher = build_dispatcher(settings, sessions)
        _serve(_bind(settings, dispatcher), settings)
    except SettingError as error:
        print(f"simulator: {error}", file=sys.stderr)  # noqa: T201 - it need not have a log yet
        return 2
    return 0


def market_clock_from(start: str | None, speed: str, sessions: Sessions, present: datetime) -> str:
    """Return the MARKET_CLOCK that stands at `start` now and goes `speed` times as fast."""
    if start is None:
        session = sessions.last_ended(present)
        begin = session.regular_opens_at if session else present - timedelta(days=1)
        start = begin.isoformat()
    return f"{start}@{present.astimezone(UTC).isoformat()}*{speed}"


def _kept(clock: str, file: Path | None) -> str:
    """Return the clock that the file holds, which is this one if it held none."""
    if file is None:
        return clock
    try:
        if not file.exists():
            _write_whole(file, clock)
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingError(
            f"--clock-file {file} cannot be read and written: {error.strerror}"
        ) from None


def _bind(settings: Settings, dispatcher: Dispatcher) -> SimulatorServer:
    try:
        return SimulatorServer(settings.host, settings.port, dispatcher)
    except OSError as error:
        raise SettingError(
            f"cannot listen on SIMULATOR_HOST {settings.host}, SIMULATOR_PORT {settings.port}: "
            f"{error.strerror}; choose another, or port 0"
        ) from None


def _serve(server: SimulatorServer, settings: Settings) -> None:
    log = logs.configure("simulator", settings.log_level, settings.log_style)
    stop = stop_on_signals()
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    if settings.url_file is not None:
        _write_url(settings.url_file, server.url)
    log.info(
        "serving %s, plan %s, seed %d, market clock %s",
        server.url,
        settings.plan.name,
        settings.seed,
        settings.market_clock,
    )
    stop.wait()
    server.stop()


def _write_whole(file: Path, text: str) -> None:
    """Whoever waits for the file never sees half of it."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_text(f"{text}\n", encoding="utf-8")
    draft.replace(file)


def _write_url(file: Path, url: str) -> None:
    try:
        _write_whole(file, url)
    except OSError as error:
        raise SettingError(
            f"SIMULATOR_URL_FILE is {file}, which cannot be written: {error.strerror}"
        ) from None


if __name__ == "__main__":
    sys.exit(main())
