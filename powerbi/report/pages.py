"""The report: its pages in their order, and the lists on top of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from powerbi.model import dimensions
from powerbi.report import analysis_pages, deneb, event_pages, live_pages
from powerbi.report.definitions import Filter, Page, Place, Report, Visual
from powerbi.report.expressions import last_days, one_of
from powerbi.report.fields import INTERVAL, SESSION, SYMBOL, column
from powerbi.report.visuals import Choice, slicer

SESSION_DAYS: Final = 365
"""How far back the list of sessions reaches."""
QUALITY_DAYS: Final = 30
"""Of how many days the page of data quality tells."""
REFRESH_SECONDS: Final = 30


@dataclass(frozen=True)
class _Choices:
    """What is chosen on a page, and of what there may be several. No symbol means all of them."""

    symbol: str
    interval: str
    many_symbols: bool = False
    many_sessions: bool = False

    def slicers(self, page: str) -> tuple[Visual, ...]:
        """Return the three lists on top of a page."""
        symbols = Choice(many=self.many_symbols, selected=self.symbol)
        sessions = Choice(
            many=self.many_sessions,
            newest_first=True,
            filters=(
                one_of("sessions", column(dimensions.DATES, "is_session"), True),
                last_days("recent", SESSION, SESSION_DAYS),
            ),
        )
        intervals = Choice(selected=self.interval)
        return (
            slicer(f"{page}_symbol", Place(16, 8, 300, 80), SYMBOL, symbols),
            slicer(f"{page}_interval", Place(328, 8, 300, 80), INTERVAL, intervals),
            slicer(f"{page}_session", Place(640, 8, 300, 80), SESSION, sessions),
        )


def report(symbol: str, interval: str, is_asked: bool = True) -> Report:
    """Return the report, opening with this symbol and interval chosen.

    Its pages ask again by themselves, unless all the data is imported.
    """
    seconds = REFRESH_SECONDS if is_asked else None
    one = _Choices(symbol, interval)
    some = _Choices(symbol, interval, many_symbols=True)
    quality = _Choices("", interval, many_symbols=True, many_sessions=True)
    recent = (last_days("recent", SESSION, QUALITY_DAYS),)

    def page(
        name: str,
        title: str,
        *visuals: Visual,
        choices: _Choices = one,
        filters: tuple[Filter, ...] = (),
    ) -> Page:
        return Page(name, title, (*choices.slicers(name), *visuals), filters, seconds)

    return Report(
        (
            page("live", "Live candles", *live_pages.live()),
            page("live_deneb", "Live candles (Deneb)", *live_pages.live_deneb()),
            page("volume_flow", "Volume flow", *analysis_pages.volume_flow()),
            page("comparison", "Comparison", *analysis_pages.comparison(), choices=some),
            page("volatility", "Volatility", *analysis_pages.volatility()),
            page("intraday", "Intraday behaviour", *analysis_pages.intraday()),
            page("anomalies_signals", "Anomalies and signals", *event_pages.anomalies_signals()),
            page(
                "data_quality",
                "Data quality",
                *event_pages.data_quality(),
                choices=quality,
                filters=recent,
            ),
        ),
        (deneb.VISUAL,),
    )
