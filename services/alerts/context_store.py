"""What conditions ask beside the bars of a series: its anomalies, the hours of its market, and its
newest bar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from services.alerts.connection import Connection
from services.alerts.evaluation.evaluator import Window
from services.alerts.evaluation.open_hours import OpenHours, Session, with_quiet
from services.alerts.evaluation.series import Span
from services.alerts.evaluation.silence_watch import Newest
from services.alerts.rules.anomalies import needs_anomalies
from services.alerts.rules.bars import Anomaly
from services.alerts.rules.conditions import Condition
from services.alerts.rules.no_data import looks_ahead
from services.common.market.exchanges import exchange_of

_ANOMALIES: Final = """
select bar_time, kind, severity_rank, value, score from bi.anomalies
where symbol = %s and interval = %s and session_date between %s and %s
    and bar_time between %s and %s
"""
_SESSIONS: Final = """
select
    wanted.exchange, trade.session_date,
    trade.opens_at_utc at time zone 'UTC', trade.closes_at_utc at time zone 'UTC',
    trade.break_starts_at_utc at time zone 'UTC', trade.break_ends_at_utc at time zone 'UTC'
from unnest(%s::text[], %s::date[], %s::date[]) as wanted (exchange, since, until)
inner join bi.exchange_sessions as trade
    on trade.exchange = wanted.exchange and not trade.is_assumed
    and trade.session_date between wanted.since and wanted.until
order by wanted.exchange, trade.opens_at_utc
"""
# An empty symbol is any.
_NEWEST: Final = """
select
    series.symbol, series.interval, newest.bar_time, newest.session_date,
    coalesce(clock.present, now())
from market.series as series
cross join lateral (
    select bar.bar_time, bar.session_date, bar.source from market.events_stream as bar
    where bar.symbol = series.symbol and bar.interval = series.interval
    order by bar.bar_time desc limit 1
) as newest
left join market.present_of_sources as clock on clock.source = newest.source
where exists (
    select from unnest(%s::text[], %s::text[]) as wanted (symbol, interval)
    where wanted.interval = series.interval and wanted.symbol in (series.symbol, '')
)
order by series.symbol, series.interval
"""
_NewestRow = tuple[str, str, datetime, date, datetime]


@dataclass(frozen=True)
class ContextStore:
    """Every method raises DatabaseError."""

    connection: Connection

    def newest(self, watched: Collection[tuple[str, str]]) -> list[Newest]:
        """Return the newest bar of each series; an empty symbol is any."""
        rows = self._newest(watched)
        hours = self._hours([(row, row[3]) for row in rows])
        return [Newest(*row[:4], one) for row, one in zip(rows, hours, strict=True)]

    def beside(self, spans: Sequence[Span], windows: Sequence[Window]) -> list[Window]:
        """Return the windows of spans with what the rules of each read beside its bars."""
        found = [
            self._with_anomalies(span, window)
            if span.of_indicators and _any(span, needs_anomalies)
            else window
            for span, window in zip(spans, windows, strict=True)
        ]
        ahead = {
            (span.symbol, span.interval, place): found[place].bars[0].session
            for place, span in enumerate(spans)
            if found[place].bars and _any(span, looks_ahead)
        }
        if not ahead:
            return found
        newest = {row[:2]: row for row in self._newest({one[:2] for one in ahead})}
        asked = {one: since for one, since in ahead.items() if one[:2] in newest}
        hours = self._hours([(newest[one[:2]], since) for one, since in asked.items()])
        for (_, interval, place), one in zip(asked, hours, strict=True):
            bars = with_quiet(found[place].bars, interval, one)
            found[place] = replace(found[place], bars=bars)
        return found

    def _newest(self, watched: Collection[tuple[str, str]]) -> list[_NewestRow]:
        columns = [[one[0] for one in watched], [one[1] for one in watched]]
        return [
            (symbol, interval, at, session, present)
            for symbol, interval, at, session, present in self.connection.rows(_NEWEST, columns)
        ]

    def _with_anomalies(self, span: Span, window: Window) -> Window:
        own = [bar for bar in window.bars if span.from_time <= bar.time <= span.until_time]
        if not own:
            return window
        query = (
            span.symbol, span.interval, own[0].session, own[-1].session, own[0].time, own[-1].time
        )  # fmt: skip
        found: dict[datetime, dict[str, Anomaly]] = defaultdict(dict)
        for at, kind, rank, value, score in self.connection.rows(_ANOMALIES, query):
            found[at][kind] = Anomaly(rank, value, score)
        bars = [bar._replace(anomalies=found.get(bar.time, {})) for bar in window.bars]
        return replace(window, bars=bars)

    def _hours(self, series: Sequence[tuple[_NewestRow, date]]) -> list[OpenHours | None]:
        """Return the hours of the market of each series, from a session on."""
        exchanges = [exchange_of(row[0]) for row, _ in series]
        spans: dict[str, tuple[date, date]] = {}
        for exchange, (row, since) in zip(exchanges, series, strict=True):
            if exchange is not None:
                first, last = spans.get(exchange.code, (date.max, date.min))
                until = max(last, row[3], row[4].date())
                spans[exchange.code] = (min(first, since), until)
        sessions = self._sessions(spans.items())
        return [
            None if exchange is None else OpenHours(sessions[exchange.code], row[4])
            for exchange, (row, _) in zip(exchanges, series, strict=True)
        ]

    def _sessions(self, spans: Iterable[tuple[str, tuple[date, date]]]) -> dict[str, list[Session]]:
        found: dict[str, list[Session]] = defaultdict(list)
        asked = [(exchange, *span) for exchange, span in spans]
        if asked:
            columns = [list(column) for column in zip(*asked, strict=True)]
            for exchange, *session in self.connection.rows(_SESSIONS, columns):
                found[exchange].append(Session(*session))
        return found


def _any(span: Span, asks: Callable[[Condition], bool]) -> bool:
    return any(asks(active.rule.condition) for active in span.rules)
