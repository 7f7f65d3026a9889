"""One call of the API goes in, one answer comes out: data, or the envelope that the real API
would send. Checks come in this order: key, limits, function, plan, parameters, symbol."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.simulator.api import envelopes, other_markets, time_series
from services.simulator.api.messages import Answer, Call, csv_answer, json_answer
from services.simulator.api.rate_limits import Limiter, Plan
from services.simulator.market.bars import BarSource
from services.simulator.market.quotes import bulk_quote, global_quote, quote
from services.simulator.market.trading_sessions import Sessions

FUNCTIONS: Final = (
    "TIME_SERIES_INTRADAY",
    "TIME_SERIES_DAILY",
    "GLOBAL_QUOTE",
    "REALTIME_BULK_QUOTES",
    "SPLITS",
    "DIVIDENDS",
    *other_markets.FUNCTIONS,
)
"""What the simulator can be asked for."""

BULK_SYMBOLS: Final = 100

_PREMIUM: Final = (
    "TIME_SERIES_INTRADAY",
    "REALTIME_BULK_QUOTES",
    "FX_INTRADAY",
    "CRYPTO_INTRADAY",
    "INDEX_DATA",
)
_DELAY: Final = timedelta(minutes=15)


_RAPIDAPI: Final = {
    "bad_key": (403, "You are not subscribed to this API."),
    "demo_key": (403, "You are not subscribed to this API."),
    **dict.fromkeys(
        ("burst", "burst_premium", "minute"),
        (
            429,
            "You have exceeded the rate limit per minute for your plan, BASIC, by the API provider",
        ),
    ),
    "daily": (
        429,
        "You have exceeded the DAILY quota for Requests on your current plan, BASIC. Upgrade your "
        "plan at https://rapidapi.com/alphavantage/api/alpha-vantage",
    ),
}


@dataclass(frozen=True)
class Api:
    """The API over a source of bars. `clock` gives the market's instant.

    `default_entitlement` is what a premium call sees that names none: realtime, delayed by 15
    minutes, or historical, which ends with the last session that is over.
    """

    source: BarSource
    sessions: Sessions
    plan: Plan
    limiter: Limiter
    clock: Callable[[], datetime]
    default_entitlement: str = "realtime"

    def answer(self, call: Call) -> Answer:
        """Answer a call and count it."""
        refusal = self._key_refusal(call) or self.limiter.admit(call.key)
        if refusal is None:
            refusal = self._plan_refusal(call)
        answer = self._data(call) if refusal is None else self.envelope(refusal, call)
        return self._with_standing(answer, call)

    def envelope(self, kind: str, call: Call) -> Answer:
        """Return the envelope of that kind; limits and bad keys of RapidAPI have a status."""
        if kind == "csv_information":
            return Answer(
                kind, envelopes.csv_information(time_series.header(call.function)).encode()
            )
        if call.rapidapi_key is not None and kind in _RAPIDAPI:
            status, message = _RAPIDAPI[kind]
            return Answer(kind, json.dumps({"message": message}).encode(), status)
        per_second = self.plan.per_second or 5
        return json_answer(kind, envelopes.envelope(kind, call.function, call.key, per_second))

    def _with_standing(self, answer: Answer, call: Call) -> Answer:
        standing = self.limiter.standing(call.key) if call.rapidapi_key else None
        if standing is None:
            return answer
        headers = {
            f"x-ratelimit-{group}-{part}": str(value)
            for group in ("requests", "rapid-free-plans-hard-limit")
            for part, value in (
                ("limit", standing.limit),
                ("remaining", standing.remaining),
                ("reset", standing.reset_seconds),
            )
        }
        return Answer(answer.kind, answer.body, answer.status, answer.content_type, headers)

    def _key_refusal(self, call: Call) -> str | None:
        if not call.key or call.key.startswith("bad"):
            return "bad_key"
        return "demo_key" if call.key == "demo" else None

    def _plan_refusal(self, call: Call) -> str | None:
        """What the plan does not include, once the function is known."""
        entitlement = call.get("entitlement")
        if call.function not in FUNCTIONS:
            return "bad_function"
        if not self.plan.premium and call.function in _PREMIUM:
            return "premium_endpoint"
        if entitlement == "realtime" and not self.plan.realtime:
            return "not_entitled"
        if entitlement == "delayed" and not self.plan.premium:
            return "not_entitled"
        full_days = call.function == "TIME_SERIES_DAILY" and call.get("outputsize") == "full"
        return "premium_param" if full_days and not self.plan.premium else None

    def _data(self, call: Call) -> Answer:
        if call.function in other_markets.FUNCTIONS:
            answer = other_markets.answer(self.source, call, self.clock())
            return answer or self.envelope("bad_call", call)
        answers = {
            "TIME_SERIES_INTRADAY": self._intraday,
            "TIME_SERIES_DAILY": self._daily,
            "GLOBAL_QUOTE": self._quote,
            "REALTIME_BULK_QUOTES": self._bulk,
            "SPLITS": self._actions,
            "DIVIDENDS": self._actions,
        }
        return answers[call.function](call) or self.envelope("bad_call", call)

    def _now(self, call: Call) -> datetime:
        """How far the market has come for this call; the free plan sees only finished days."""
        now = self.clock()
        fallback = self.default_entitlement if self.plan.premium else "historical"
        entitlement = call.get("entitlement", fallback)
        if entitlement == "delayed":
            return now - _DELAY
        if entitlement == "historical":
            last = self.sessions.last_ended(now)
            return last.ends_at if last else now
        return now

    def _knows(self, symbol: str) -> bool:
        # What has its market before it is no symbol of the API's, but of the source.
        return ":" not in symbol and self.source.knows(symbol.upper(), self.clock())

    def _intraday(self, call: Call) -> Answer | None:
        wanted = time_series.parse_intraday(call.parameters)
        symbol = call.get("symbol")
        if wanted is None or not self._knows(symbol):
            return None
        bars = time_series.intraday(
            self.source, symbol.upper(), wanted, self._now(call), self.clock()
        )
        if not bars:
            return None
        if call.csv:
            return csv_answer(
                time_series.bars_csv(bars), f"intraday_{wanted.interval}_{symbol}.csv"
            )
        zone = self.source.zone(symbol.upper())
        return json_answer("data", time_series.intraday_json(symbol, zone, wanted, bars))

    def _daily(self, call: Call) -> Answer | None:
        symbol, full = call.get("symbol"), call.get("outputsize") == "full"
        if not self._knows(symbol):
            return None
        bars = time_series.daily(self.source, symbol.upper(), full, self._now(call))
        if not bars:
            return None
        if call.csv:
            return csv_answer(time_series.bars_csv(bars), f"daily_{symbol}.csv")
        return json_answer(
            "data", time_series.daily_json(symbol, self.source.zone(symbol.upper()), full, bars)
        )

    def _actions(self, call: Call) -> Answer | None:
        symbol = call.get("symbol").upper()
        if not self._knows(symbol):
            return None
        listed = self.source.splits if call.function == "SPLITS" else self.source.dividends
        rows = listed(symbol, self.clock())
        if call.csv:
            values = [tuple(row.values()) for row in rows]
            name = f"{call.function.lower()}_{symbol}.csv"
            return csv_answer(time_series.csv_text(time_series.header(call.function), values), name)
        return json_answer("data", {"symbol": symbol, "data": rows})

    def _quote(self, call: Call) -> Answer | None:
        symbol = call.get("symbol").upper()
        if not symbol:
            return None
        known = self._knows(symbol)
        newest = quote(self.source, symbol, self._now(call)) if known else None
        fields = global_quote(symbol, newest) if newest else {}
        if call.csv:
            rows = [tuple(fields.values())] if fields else []
            return csv_answer(
                time_series.csv_text(time_series.header(call.function), rows), "quote.csv"
            )
        delayed = call.get("entitlement") == "delayed"
        name = "Global Quote" + (" - DATA DELAYED BY 15 MINUTES" if delayed else "")
        return json_answer("data", {name: fields})

    def _bulk(self, call: Call) -> Answer | None:
        symbols = [word.strip().upper() for word in call.get("symbol").split(",")]
        if not any(symbols):
            return None
        rows = list(self._bulk_rows(symbols[:BULK_SYMBOLS], self._now(call)))
        if call.csv:
            values = [tuple(row.values()) for row in rows]
            return csv_answer(
                time_series.csv_text(time_series.header(call.function), values), "bulk_quotes.csv"
            )
        return json_answer(
            "data", {"endpoint": "Realtime Bulk Quotes", "message": "success", "data": rows}
        )

    def _bulk_rows(self, symbols: list[str], now: datetime) -> Iterator[dict[str, str]]:
        """Symbols that do not exist are left out."""
        for symbol in symbols:
            row = bulk_quote(self.source, symbol, now) if self._knows(symbol) else None
            if row is not None:
                yield row
