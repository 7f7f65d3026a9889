"""Decides which market the demo runs on: options and what an earlier run left in, facts out."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from scripts.launcher.errors import SetupError
from scripts.local_stack.demo_options import SIMULATED_INTERVAL, SYMBOLS, Options, is_loopback
from services.common.market.bar import INTERVALS
from services.common.market.market_clock import MarketClock, parse_market_clock

NEW_YORK = ZoneInfo("America/New_York")
_OPEN = time(9, 30)
_TUESDAY = 1  # Monday is the day of most market holidays


@dataclass(frozen=True)
class Market:
    """Where bars come from (`simulator`, a recording or a URL) and the clock they follow."""

    origin: str
    simulated: bool
    clock: str
    symbols: str
    intervals: str | None


@dataclass(frozen=True)
class Recording:
    """What a file of recorded bars holds, and when the first bar of its last day begins."""

    symbols: tuple[str, ...]
    shortest_interval: str
    last_day_begins_at: datetime


def choose_market(options: Options, kept: Path, now: datetime) -> Market:
    """Return the market of this run. `kept` is the file in which the data directory remembers
    it, so that the market's time goes on from run to run. Raises SetupError."""
    if options.source is not None:
        market = Market(
            origin=options.source,
            simulated=options.simulated or is_loopback(options.source),
            clock=options.market_clock or "real",
            symbols=options.symbols or SYMBOLS,
            intervals=options.interval,
        )
    elif options.bars is not None:
        market = _recorded_market(options, read_recording(options.bars), now)
    else:
        clock = MarketClock(last_open(now), now, options.speed)
        interval = options.interval or SIMULATED_INTERVAL
        market = Market("simulator", True, str(clock), options.symbols or SYMBOLS, interval)
    return _go_on(market, kept, options, now)


def last_open(now: datetime) -> datetime:
    """Return the open (09:30 in New York) of the newest Tuesday at least seven days back."""
    day = now.astimezone(NEW_YORK).date() - timedelta(days=7)
    day -= timedelta(days=(day.weekday() - _TUESDAY) % 7)
    return datetime.combine(day, _OPEN, NEW_YORK).astimezone(UTC)


def read_recording(file: Path) -> Recording:
    """Return what a CSV file of bars holds. Raises SetupError."""
    symbols: dict[str, None] = {}
    intervals: set[str] = set()
    first = ("", "")  # of the last day: time on the exchange's clock, and that clock's zone
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                symbols[row["symbol"]] = None
                intervals.add(row["interval"])
                bar = (row["exchange_time"], row.get("exchange_tz") or NEW_YORK.key)
                day, last_day = bar[0][:10], first[0][:10]
                first = bar if day > last_day or (day == last_day and bar < first) else first
        shortest = min(intervals, key=INTERVALS.index)
        begins_at = datetime.fromisoformat(first[0]).replace(tzinfo=ZoneInfo(first[1]))
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise SetupError(
            f"--bars: {file} does not hold recorded bars ({type(error).__name__}: {error}); its "
            "first line must name symbol,interval,exchange_time,open,high,low,close,volume"
        ) from None
    return Recording(tuple(symbols), shortest, begins_at.astimezone(UTC))


def _recorded_market(options: Options, recording: Recording, now: datetime) -> Market:
    """What lies before the last day is history; the last day plays live."""
    return Market(
        origin=str(options.bars),
        simulated=True,
        clock=str(MarketClock(recording.last_day_begins_at, now, options.speed)),
        symbols=options.symbols or ",".join(recording.symbols),
        intervals=options.interval or recording.shortest_interval,
    )


def _go_on(market: Market, kept: Path, options: Options, now: datetime) -> Market:
    """Take the clock over from an earlier run; a new speed goes on from where the market is."""
    if kept.exists():
        earlier = json.loads(kept.read_text(encoding="utf-8"))
        if earlier["origin"] != market.origin:
            raise SetupError(
                f"{kept.parent} holds bars of another market ({earlier['origin']}); "
                "choose another --data-dir"
            )
        if earlier["simulated"] != market.simulated:
            held, comes = ("simulated", "real") if earlier["simulated"] else ("real", "simulated")
            raise SetupError(
                f"{kept.parent} holds {held} bars of {market.origin}, and {comes} ones are to come "
                "(--simulated); choose another --data-dir"
            )
        clock = parse_market_clock(earlier["clock"], lambda: now)
        if options.source is None:
            going_on = MarketClock(clock.now(), now, options.speed)
            same_speed = clock.speed == options.speed
            market = Market(**{**asdict(market), "clock": str(clock if same_speed else going_on)})
    kept.write_text(json.dumps(asdict(market), indent=2) + "\n", encoding="utf-8")
    return market
