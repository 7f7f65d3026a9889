"""The tables of the API that are computed as they are asked for. Pure facts."""

from __future__ import annotations

from typing import Final

from services.dashboard.data_api.dataset import OHLC, Dataset, columns


def _analytic(name: str, about: str, view: str, *key: str, **names: str) -> Dataset:
    """Return a view that computes as it is asked, one row per bar or per bar and `key`."""
    own = columns(
        text="symbol interval", day="session_date", instant="bar_time", local="bar_time_exchange"
    )
    place = ("symbol", "interval", "session_date", "bar_time", *key)
    return Dataset(name, about, view, own + columns(**names), place, "session_date", 14)


ANALYTIC: Final = (
    _analytic(
        "comparison",
        "Closes made comparable: the session's first open is 100.",
        "bi.comparison",
        exact="close base_price",
        real="rebased session_return_percent",
        instant="base_time",
    ),
    _analytic(
        "volatility",
        "True range, deviation of returns and bands beside the prices.",
        "bi.volatility",
        exact=OHLC,
        real="true_range atr_14 atr_percent volatility_20 volatility_20_annual_percent "
        "bollinger_upper_20 bollinger_middle_20 bollinger_lower_20 band_width_percent "
        "band_position",
    ),
    _analytic(
        "profile",
        "Volume, return and range at each minute of a session, and what is usual at it.",
        "bi.intraday_profile",
        whole="minute_of_day minute_of_session",
        exact="volume",
        real="volume_share_percent return_percent range_percent",
        whole_2="usual_bars",
        real_2="usual_volume usual_return_percent usual_range_percent",
    ),
    _analytic(
        "anomalies",
        "What stands out: jumps of price, bursts of volume, gaps and spikes, with a reason.",
        "bi.anomalies",
        "kind",
        text="kind",
        real="value score",
        text_2="severity",
        whole="severity_rank",
        text_3="reason",
        exact=f"{OHLC} volume",
        whole_2="usual_bars",
    ),
    _analytic(
        "signals",
        "Where a rule fired, and how often it was right before.",
        "bi.signals",
        "rule",
        "direction",
        text="rule direction",
        exact="close",
        real="value threshold return_10_percent",
        flag="is_hit",
        whole="past_signals past_hits",
        whole_2="past_ties",
        real_2="past_hit_rate_percent past_hit_rate_low_percent past_hit_rate_high_percent",
        whole_3="past_bars",
        real_3="base_rate_percent",
    ),
    Dataset(
        "quality",
        "One row per series and session: expected, stored and missing bars, and the lag.",
        "bi.data_quality",
        columns(
            text="symbol interval",
            day="session_date",
            text_2="day_kind status",
            whole="expected_bars stored_bars no_trade_bars missing_bars outage_bars "
            "longest_gap_bars",
            real="completeness_percent",
            whole_2="outside_bars revised_bars rejected_records",
            real_2="lag_seconds_median lag_seconds_longest",
            utc="opens_at_utc closes_at_utc first_bar_utc last_bar_utc",
            whole_3="unknown_basis_bars bases",
            text_3="recycled_signs",
        ),
        ("symbol", "interval", "session_date"),
        "session_date",
        14,
        names_others=True,
    ),
    Dataset(
        "gaps",
        "One row per series and run of slots of regular hours without a bar, with its cause.",
        "bi.data_gaps",
        columns(
            text="symbol interval",
            day="session_date",
            text_2="kind",
            utc="starts_at_utc ends_at_utc",
            local="starts_at_exchange ends_at_exchange",
            whole="bars",
        ),
        ("symbol", "interval", "session_date", "starts_at_utc"),
        "session_date",
        14,
    ),
    Dataset(
        "session-statistics",
        "One row per series and session: what its bars of regular hours amount to.",
        "bi.session_statistics",
        columns(
            text="symbol interval",
            day="session_date",
            exact=f"{OHLC} volume",
            whole="bars",
            real="vwap range_percent open_to_close_percent",
            exact_2="previous_close",
            real_2="change_percent gap_percent",
            whole_2="up_bars down_bars",
            exact_3="up_volume down_volume",
            real_3="realised_volatility_percent",
            utc="first_bar_utc last_bar_utc",
            flag="is_final",
        ),
        ("symbol", "interval", "session_date"),
        "session_date",
        14,
    ),
    _analytic(
        "volume-flow",
        "Volume of rising and falling bars, added up over the session, and the usual one.",
        "bi.volume_flow",
        whole="minute_of_day",
        exact="volume up_volume down_volume net_volume cumulative_volume cumulative_net_volume",
        real="usual_volume",
        whole_2="usual_bars",
        real_2="relative_volume",
    ),
    _analytic(
        "comparison-pairs",
        "Two symbols beside each other: their closes, correlation and beta.",
        "bi.comparison_pairs",
        "other_symbol",
        text="other_symbol",
        exact="close other_close",
        real="rebased other_rebased correlation_20 beta_20",
    ),
    _analytic(
        "patterns",
        "Candle patterns, and what each is said to foretell.",
        "bi.patterns",
        "pattern",
        text="pattern direction",
        exact=f"{OHLC} volume",
    ),
)
