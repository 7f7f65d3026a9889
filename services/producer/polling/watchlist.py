"""Keeps the list of series to poll: from SYMBOLS once, or from SYMBOLS_FILE as it changes."""

from __future__ import annotations

import logging
from typing import Final

from services.common.market.markets import intervals_of
from services.common.settings import SettingError
from services.producer.alpha_vantage.quota_planner import Plan, Refusal, freshness_lines
from services.producer.alpha_vantage.watchlist_plan import NoQuotesError, divide
from services.producer.polling.symbols_file import SymbolsFile
from services.producer.series import Series
from services.producer.settings import Settings

_LOOK_SECONDS: Final = 1.0


class Watchlist:
    """What fits the plan. `series` are those that get bars, `quoted` the symbols that get quotes,
    both in order."""

    def __init__(self, settings: Settings, log: logging.Logger) -> None:
        """Read the first list. Raises SettingError if nothing of it can be polled, or if one of
        SYMBOLS cannot."""
        self._settings = settings
        self._log = log
        self._file = None if settings.symbols_file is None else SymbolsFile(settings.symbols_file)
        self._look_at = float("-inf")
        self._unreadable = False
        self.series: list[Series] = []
        self.quoted: tuple[str, ...] = ()
        self.quote_seconds = 0.0
        self.bar_plan: Plan = settings.plan
        if self._file is None:
            refused = self._accept(settings.symbols)
            if refused:
                raise SettingError(_refusals(refused))
        else:
            self._read_first(self._file)

    @property
    def reserved_a_minute(self) -> int:
        """Return how many calls a minute are kept for quotes."""
        whole, left = self._settings.plan.per_minute, self.bar_plan.per_minute
        return 0 if whole is None or left is None else whole - left

    def refresh(self, monotonic: float) -> bool:
        """Read the file again if it changed; return whether the list did."""
        if self._file is None or monotonic < self._look_at:
            return False
        self._look_at = monotonic + _LOOK_SECONDS
        try:
            return self._read(self._file)
        except (OSError, UnicodeDecodeError) as error:
            if not self._unreadable:
                self._log.warning(
                    "SYMBOLS_FILE %s cannot be read (%s); the symbols known so far go on",
                    self._settings.symbols_file,
                    type(error).__name__,
                )
            self._unreadable = True
            return False

    def _read_first(self, file: SymbolsFile) -> None:
        name = self._settings.symbols_file
        try:
            self._read(file)
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(
                f"SYMBOLS_FILE points to {name}, which cannot be read: {type(error).__name__}"
            ) from None
        if not self.series and not self.quoted:
            raise SettingError(f"SYMBOLS_FILE points to {name}, which holds no symbol to poll")

    def _read(self, file: SymbolsFile) -> bool:
        listed = file.changed()
        self._unreadable = False
        if listed is None:
            return False
        for complaint in listed.complaints:
            self._log.warning("SYMBOLS_FILE: %s", complaint)
        for refusal in self._accept(listed.symbols):
            self._log.warning("refused, the rest goes on: %s", refusal.reason)
        return True

    def _accept(self, symbols: tuple[str, ...]) -> list[Refusal]:
        settings = self._settings
        wanted = [
            Series(symbol, interval)
            for symbol in symbols
            for interval in intervals_of(symbol, settings.intervals)
        ]
        try:
            plan = divide(settings.plan, wanted, settings.quotes)
        except NoQuotesError as error:
            raise SettingError(str(error)) from None
        self.series, self.quoted, self.bar_plan = plan.series, plan.quoted, plan.bar_plan
        self.quote_seconds = plan.quote_seconds
        freshness = settings.source.freshness
        for line in freshness_lines(plan.bar_plan, self.series, settings.poll_seconds, freshness):
            self._log.info("%s", line)
        if self.quoted:
            with_bars = {each.symbol for each in self.series}
            self._log.info(
                "quotes of %d symbols, each asked for every %.0f s while New York trades; %d have "
                "bars as well",
                len(self.quoted),
                self.quote_seconds,
                len(with_bars.intersection(self.quoted)),
            )
        return plan.refused


def _refusals(refused: list[Refusal]) -> str:
    more = f" (and {len(refused) - 1} more series do not fit)" if len(refused) > 1 else ""
    return f"SYMBOLS do not fit ALPHA_VANTAGE_PLAN: {refused[0].reason}{more}"
