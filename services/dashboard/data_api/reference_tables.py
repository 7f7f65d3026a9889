"""The tables of the API that name things or tell how whole the data is. Pure facts."""

from __future__ import annotations

from typing import Final

from services.dashboard.data_api.dataset import Dataset, columns

STATUS: Final = Dataset(
    "status",
    "One row per Kafka partition: how far the sink has come and what became of the records.",
    "bi.sink_status",
    columns(
        text="topic",
        whole="partition first_offset next_offset stored superseded rejected lost",
        instant="updated_at",
    ),
    ("topic", "partition"),
)
REJECTED: Final = Dataset(
    "rejected",
    "One row per (symbol, reason, day): how many records were refused; symbol may be empty.",
    "bi.rejected_by_reason",
    columns(
        text="symbol reason", day="rejected_on_utc", whole="records", instant="last_rejected_at"
    ),
    ("rejected_on_utc", "reason", "symbol"),
    names_others=True,
)
PRICE_BASES: Final = Dataset(
    "price-bases",
    "Series whose bars may not all be compared with each other, with how many of each kind.",
    "bi.price_bases",
    columns(text="symbol interval", whole="raw_bars adjusted_bars unknown_bars bases"),
    ("symbol", "interval"),
)
SYMBOLS: Final = Dataset(
    "symbols",
    "One row per symbol stored: its exchange, clock, currency and quote unit.",
    "bi.symbols",
    columns(
        text="symbol exchange time_zone",
        whole="intervals",
        text_2="currency quote_unit",
        whole_2="units_per_currency",
        day="calendar_until",
    ),
    ("symbol",),
)
RENAMES: Final = Dataset(
    "renames",
    "Renames of instruments, whose bars all stand under the newest name: from which date on.",
    "bi.renames",
    columns(text="old_symbol new_symbol", day="renamed_on", instant="added_at"),
    ("renamed_on", "old_symbol"),
)
RECYCLED_TICKERS: Final = Dataset(
    "recycled-tickers",
    "Series whose ticker may have passed to another instrument: where, and by which signs.",
    "bi.recycled_tickers",
    columns(
        text="symbol interval",
        day="ended_on resumed_on",
        whole="pause_days",
        exact="close_before open_after jump_ratio",
        day_2="delisted_on listed_on",
        text_2="signs",
    ),
    ("symbol", "interval", "resumed_on"),
)
INTERVALS: Final = Dataset(
    "intervals",
    "One row per length of bars, whether or not any are stored.",
    "bi.intervals",
    columns(text="interval", whole="minutes", text_2="label"),
    ("minutes",),
)
DATES: Final = Dataset(
    "dates",
    "One row per date: its parts, and New York's session.",
    "bi.dates",
    columns(
        day="session_date",
        whole="year quarter month",
        text="month_name",
        whole_2="day_of_month iso_week iso_weekday",
        text_2="weekday_name",
        day_2="month_start",
        flag="is_session is_early_close",
        utc="opens_at_utc closes_at_utc",
        local="opens_at_exchange closes_at_exchange",
    ),
    ("session_date",),
    "session_date",
)
EXCHANGE_SESSIONS: Final = Dataset(
    "exchange-sessions",
    "One row per (exchange, session_date): regular hours, noon break, half day, assumed or not.",
    "bi.exchange_sessions",
    columns(
        text="exchange",
        day="session_date",
        utc="opens_at_utc closes_at_utc break_starts_at_utc break_ends_at_utc",
        flag="is_early_close is_assumed",
    ),
    ("exchange", "session_date"),
    "session_date",
)
