from __future__ import annotations

import pytest

from services.producer.alpha_vantage.quota_planner import (
    Plan,
    Refusal,
    fit,
    freshness_lines,
    has_full,
    parse_plan,
    poll_seconds,
)
from services.producer.series import Series


def _series(count: int, interval: str) -> list[Series]:
    return [Series(f"S{number}", interval) for number in range(count)]


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        pytest.param("free", Plan("free", 1, 5, 25, premium=False), id="free"),
        pytest.param(
            "unlimited", Plan("unlimited", None, None, None, premium=True), id="unlimited"
        ),
        pytest.param("75", Plan("75 calls a minute", 4, 75, None, premium=True), id="75"),
        pytest.param("1200", Plan("1200 calls a minute", 20, 1200, None, premium=True), id="1200"),
        pytest.param("9000", Plan("9000 calls a minute", 150, 9000, None, premium=True), id="9000"),
    ],
)
def test_plans_are_known_by_name_or_rate(text: str, plan: Plan) -> None:
    assert parse_plan(text) == plan


@pytest.mark.parametrize("text", ["", "0", "-5", "1.5", "premium", "99999999"])
def test_another_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unlimited"):
        parse_plan(text)


def test_a_free_key_serves_25_daily_series_and_says_what_would_fit() -> None:
    accepted, refused = fit(parse_plan("free"), _series(26, "1d"))
    assert accepted == _series(25, "1d")
    assert [refusal.reason for refusal in refused] == [
        "S25 1d: 26 series need at least 26 calls a day and the plan has 25; keep at most 25 "
        "series, or take a premium key"
    ]


def test_a_free_key_serves_no_intraday_series() -> None:
    accepted, refused = fit(parse_plan("free"), [Series("A", "5min"), Series("A", "1d")])
    assert accepted == [Series("A", "1d")]
    assert [refusal.series for refusal in refused] == [Series("A", "5min")]
    assert "INTERVALS=1d" in refused[0].reason


def test_intraday_series_fit_while_each_gets_a_call_a_bar() -> None:
    accepted, refused = fit(parse_plan("75"), _series(376, "5min"))
    assert (len(accepted), [refusal.series for refusal in refused]) == (
        375,
        [Series("S375", "5min")],
    )
    assert "at most 375 of 5min" in refused[0].reason
    assert "needs a plan of 76 calls a minute" in refused[0].reason


def test_one_that_does_not_fit_leaves_room_for_the_rest() -> None:
    wanted = [*_series(74, "1min"), Series("X", "1d"), Series("Y", "1min"), Series("Z", "5min")]
    accepted, refused = fit(parse_plan("75"), [*wanted, Series("W", "1min")])
    assert accepted == [*_series(74, "1min"), Series("X", "1d"), Series("Z", "5min")]
    assert [refusal.series for refusal in refused] == [Series("Y", "1min"), Series("W", "1min")]


@pytest.mark.parametrize(
    ("plan", "count", "floor", "freshness", "seconds"),
    [
        pytest.param("unlimited", 4, 1.0, "simulated", 1.0, id="floor"),
        pytest.param("75", 100, 1.0, "realtime", 80.0, id="rate"),
        pytest.param("1200", 4, 1.0, "historical", 60.0, id="unentitled"),
    ],
)
def test_poll_seconds(plan: str, count: int, floor: float, freshness: str, seconds: float) -> None:
    assert poll_seconds(parse_plan(plan), count, floor, freshness) == seconds


def test_freshness_is_told_a_line_for_each_interval() -> None:
    accepted = [Series("AAPL", "5min"), Series("AAPL", "1d"), Series("TSLA", "5min")]
    levels = {"5min": "delayed_15min", "1d": "end_of_day"}
    lines = freshness_lines(parse_plan("30"), accepted, 1.0, lambda each: levels[each.interval])
    assert lines == [
        "5min bars of AAPL, TSLA: 15 minutes behind the market; each asked for every 6 s while "
        "its market is open",
        "1d bars of AAPL: end of day; each asked for after the session's close (every 5 minutes "
        "at most until it is there)",
    ]


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        (Series("FX:EUR/USD", "1d"), None),
        (Series("CRYPTO:BTC/USD", "1d"), None),
        (
            Series("FX:EUR/USD", "5min"),
            "FX:EUR/USD 5min: intraday bars are a premium feature of Alpha Vantage; set "
            "INTERVALS=1d, or ALPHA_VANTAGE_PLAN to the calls a minute of a premium key",
        ),
        (
            Series("INDEX:SPX", "1d"),
            "INDEX:SPX 1d: indices are a premium feature of Alpha Vantage; leave it out, or set "
            "ALPHA_VANTAGE_PLAN to the calls a minute of a premium key",
        ),
    ],
)
def test_a_free_key_has_days_of_pairs_alone(series: Series, reason: str | None) -> None:
    _, refused = fit(parse_plan("free"), [series])
    assert refused == ([] if reason is None else [Refusal(series, reason)])
    assert fit(parse_plan("75"), [series]) == ([series], [])


def test_a_free_key_has_all_days_of_a_pair_at_once() -> None:
    symbols = ("AAPL", "FX:EUR/USD", "CRYPTO:BTC/USD")
    free = parse_plan("free")
    assert [has_full(free, Series(each, "1d")) for each in symbols] == [False, True, True]
