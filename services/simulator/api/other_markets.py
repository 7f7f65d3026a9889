"""Foreign exchange, digital currencies and indices in the API's shapes.

In: a call and the source of bars. Out: its answer, or none where the call names what there is not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import islice, takewhile
from typing import Final

from services.common.market.bar import INTERVAL_MINUTES
from services.simulator.api.messages import Answer, Call, csv_answer, json_answer
from services.simulator.api.time_series import COMPACT_BARS, FULL_DAYS, csv_text, size
from services.simulator.market.bars import BarSource, PrintedBar
from services.simulator.market.names import DIGITAL, INDICES, PHYSICAL

_PRICES: Final = "timestamp,open,high,low,close"
_HALF_SPREAD: Final = 5
_CRYPTO_DAYS: Final = "Time Series (Digital Currency Daily)"


def whole_symbol(call: Call) -> str:
    """Return the symbol that a call names, in capitals, with its market before it."""
    function, symbol = call.function, call.get("symbol").upper()
    if function.startswith("FX_"):
        return f"FX:{call.get('from_symbol')}/{call.get('to_symbol')}".upper()
    if function in ("CRYPTO_INTRADAY", "DIGITAL_CURRENCY_DAILY"):
        return f"CRYPTO:{symbol}/{call.get('market').upper()}"
    return f"INDEX:{symbol}" if function == "INDEX_DATA" else symbol


def answer(source: BarSource, call: Call, now: datetime) -> Answer | None:
    """Return the answer to a call of one of FUNCTIONS; None: the call is bad."""
    return FUNCTIONS[call.function](source, call, now)


def in_old_shape(answer: Answer, call: Call) -> Answer:
    """Return an answer of DIGITAL_CURRENCY_DAILY in its shape of 2023, each price in the market's
    currency and again in dollars (one for one here); any other answer as it is."""
    document = {} if answer.kind != "data" or call.csv else json.loads(answer.body)
    if _CRYPTO_DAYS not in document:
        return answer
    market = call.get("market").upper()
    document[_CRYPTO_DAYS] = {
        day: {
            **{
                f"{number}{letter}. {name} ({currency})": bar[f"{number}. {name}"]
                for number, name in enumerate(("open", "high", "low", "close"), 1)
                for letter, currency in (("a", market), ("b", "USD"))
            },
            "5. volume": bar["5. volume"],
            "6. market cap (USD)": bar["5. volume"],
        }
        for day, bar in document[_CRYPTO_DAYS].items()
    }
    return json_answer(answer.kind, document)


def _fx_intraday(source: BarSource, call: Call, now: datetime) -> Answer | None:
    interval = call.get("interval")
    if not _is_fx(call) or interval not in INTERVAL_MINUTES:
        return None
    bars = _minutes(source, call, interval, now)
    if not bars or call.csv:
        return _csv(call, bars, 5)
    meta = {
        "1. Information": f"FX Intraday ({interval}) Time Series",
        "2. From Symbol": call.get("from_symbol").upper(),
        "3. To Symbol": call.get("to_symbol").upper(),
        "4. Last Refreshed": bars[0].time,
        "5. Interval": interval,
        "6. Output Size": size(_is_full(call)),
        "7. Time Zone": "UTC",
    }
    series = {bar.time: _prices(bar) for bar in bars}
    return json_answer("data", {"Meta Data": meta, f"Time Series FX ({interval})": series})


def _fx_daily(source: BarSource, call: Call, now: datetime) -> Answer | None:
    if not _is_fx(call):
        return None
    most = None if _is_full(call) else COMPACT_BARS
    bars = list(islice(source.daily(whole_symbol(call), now), most))
    if not bars or call.csv:
        return _csv(call, bars, 5)
    meta = {
        "1. Information": "Forex Daily Prices (open, high, low, close)",
        "2. From Symbol": call.get("from_symbol").upper(),
        "3. To Symbol": call.get("to_symbol").upper(),
        "4. Output Size": size(_is_full(call)),
        "5. Last Refreshed": bars[0].time,
        "6. Time Zone": "UTC",
    }
    series = {bar.time: _prices(bar) for bar in bars}
    return json_answer("data", {"Meta Data": meta, "Time Series FX (Daily)": series})


def _crypto_intraday(source: BarSource, call: Call, now: datetime) -> Answer | None:
    interval = call.get("interval")
    if not _is_digital(call) or interval not in INTERVAL_MINUTES:
        return None
    bars = _minutes(source, call, interval, now)
    if not bars or call.csv:
        return _csv(call, bars, 6)
    meta = {
        "1. Information": f"Crypto Intraday ({interval}) Time Series",
        **_digital_names(call),
        "6. Last Refreshed": bars[0].time,
        "7. Interval": interval,
        "8. Output Size": size(_is_full(call)),
        "9. Time Zone": "UTC",
    }
    # The only numbers of the API that are not written as text.
    series = {bar.time: {**_prices(bar), "5. volume": int(bar.volume)} for bar in bars}
    return json_answer("data", {"Meta Data": meta, f"Time Series Crypto ({interval})": series})


def _crypto_daily(source: BarSource, call: Call, now: datetime) -> Answer | None:
    if not _is_digital(call):
        return None
    bars = list(source.daily(whole_symbol(call), now))
    if not bars or call.csv:
        return _csv(call, bars, 6)
    meta = {
        "1. Information": "Daily Prices and Volumes for Digital Currency",
        **_digital_names(call),
        "6. Last Refreshed": f"{bars[0].time} 00:00:00",
        "7. Time Zone": "UTC",
    }
    series = {bar.time: {**_prices(bar), "5. volume": bar.volume} for bar in bars}
    return json_answer("data", {"Meta Data": meta, _CRYPTO_DAYS: series})


def _index_data(source: BarSource, call: Call, now: datetime) -> Answer | None:
    symbol = call.get("symbol").upper()
    if symbol not in INDICES or call.get("interval") != "daily":
        return None
    bars = list(source.daily(whole_symbol(call), now))
    if call.csv:
        return _csv(call, bars, 5)
    rows = [dict(zip(("date", "open", "high", "low", "close"), bar, strict=False)) for bar in bars]
    return json_answer(
        "data",
        {"symbol": symbol, "name": INDICES[symbol], "interval": "daily", "data": rows},
    )


def _index_catalog(source: BarSource, call: Call, now: datetime) -> Answer:  # noqa: ARG001
    if call.csv:
        return csv_answer(csv_text("symbol,name", INDICES.items()), "index_catalog.csv")
    return json_answer("data", dict(INDICES))


def _exchange_rate(source: BarSource, call: Call, now: datetime) -> Answer | None:
    base, quoted_in = call.get("from_currency").upper(), call.get("to_currency").upper()
    names = {**PHYSICAL, **DIGITAL}
    market = "CRYPTO" if base in DIGITAL else "FX"
    if base not in names or quoted_in not in PHYSICAL or base == quoted_in:
        return None
    newest = next(source.intraday(f"{market}:{base}/{quoted_in}", 1, True, None, now), None)
    if newest is None:
        return None
    whole, _, rest = newest.close.partition(".")
    units = int(f"{whole}{rest}{'0' * (8 - len(rest))}")
    rate, bid, ask = (
        f"{each // 10**8}.{each % 10**8:08}"
        for each in (units, max(1, units - _HALF_SPREAD), units + _HALF_SPREAD)
    )
    fields = {
        "1. From_Currency Code": base,
        "2. From_Currency Name": names[base],
        "3. To_Currency Code": quoted_in,
        "4. To_Currency Name": names[quoted_in],
        "5. Exchange Rate": rate,
        "6. Last Refreshed": newest.time,
        "7. Time Zone": "UTC",
        "8. Bid Price": bid,
        "9. Ask Price": ask,
    }
    return json_answer("data", {"Realtime Currency Exchange Rate": fields})


FUNCTIONS: Final[dict[str, Callable[[BarSource, Call, datetime], Answer | None]]] = {
    "FX_INTRADAY": _fx_intraday,
    "FX_DAILY": _fx_daily,
    "CRYPTO_INTRADAY": _crypto_intraday,
    "DIGITAL_CURRENCY_DAILY": _crypto_daily,
    "INDEX_DATA": _index_data,
    "INDEX_CATALOG": _index_catalog,
    "CURRENCY_EXCHANGE_RATE": _exchange_rate,
}


def _minutes(source: BarSource, call: Call, interval: str, now: datetime) -> list[PrintedBar]:
    """Return the newest 100 bars, or those of the 30 days before the newest."""
    bars = source.intraday(whole_symbol(call), INTERVAL_MINUTES[interval], True, None, now)
    if not _is_full(call):
        return list(islice(bars, COMPACT_BARS))
    newest = next(bars, None)
    if newest is None:
        return []
    first = str(date.fromisoformat(newest.time[:10]) - timedelta(days=FULL_DAYS))
    return [newest, *takewhile(lambda bar: bar.time >= first, bars)]


def _is_fx(call: Call) -> bool:
    base, quoted_in = call.get("from_symbol").upper(), call.get("to_symbol").upper()
    return base in PHYSICAL and quoted_in in PHYSICAL and base != quoted_in


def _is_digital(call: Call) -> bool:
    return call.get("symbol").upper() in DIGITAL and call.get("market").upper() in PHYSICAL


def _is_full(call: Call) -> bool:
    return (call.get("outputsize") or call.get("output_size")) == "full"


def _digital_names(call: Call) -> dict[str, str]:
    code, market = call.get("symbol").upper(), call.get("market").upper()
    return {
        "2. Digital Currency Code": code,
        "3. Digital Currency Name": DIGITAL[code],
        "4. Market Code": market,
        "5. Market Name": PHYSICAL[market],
    }


def _prices(bar: PrintedBar) -> dict[str, object]:
    return {
        "1. open": bar.open,
        "2. high": bar.high,
        "3. low": bar.low,
        "4. close": bar.close,
    }


def _csv(call: Call, bars: Sequence[PrintedBar], columns: int) -> Answer | None:
    """Return so many columns of bars as CSV; None where there are no bars."""
    if not bars:
        return None
    head = _PRICES if columns == 5 else f"{_PRICES},volume"
    rows: Iterable[Sequence[str]] = (bar[:columns] for bar in bars)
    return csv_answer(csv_text(head, rows), f"{call.function.lower()}.csv")
