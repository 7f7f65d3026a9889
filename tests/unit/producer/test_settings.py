from __future__ import annotations

from pathlib import Path

import pytest

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.secret import Secret
from services.common.settings import Environment, SettingError
from services.producer.alpha_vantage.quota_planner import parse_plan
from services.producer.alpha_vantage.source import Source
from services.producer.series import Series
from services.producer.settings import Settings, read_settings

MINUTE, DAY = Series("AAPL", "1min"), Series("AAPL", "1d")
KEY = {"ALPHA_VANTAGE_KEY": "K3Y/+ K3Y"}


def _read(**variables: str) -> Settings:
    return read_settings(Environment({**KEY, **variables}))


def test_defaults() -> None:
    settings = _read()
    assert settings == Settings(
        source=Source(
            url="https://www.alphavantage.co/query",
            key=Secret("K3Y/+ K3Y"),
            rapidapi=False,
            simulated=False,
            entitlement="none",
            extended_hours=True,
            adjusted=False,
        ),
        plan=parse_plan("free"),
        symbols=("AAPL", "TSLA", "MSFT", "AMZN"),
        symbols_file=None,
        intervals=("1d",),
        poll_seconds=1.0,
        fetch_parallel=8,
        delivery_seconds=120,
        history_months=0,
        corporate_actions=True,
        quotes="off",
        kafka=KafkaCluster(("127.0.0.1:9092",)),
        state_dir=Path("data/producer"),
        market_clock=settings.market_clock,
        metrics_host="127.0.0.1",
        metrics_port=-1,
        heartbeat_file=Path("data/producer/heartbeat"),
        log_level="INFO",
        log_style="text",
        fail_at="",
    )
    assert str(settings.market_clock) == "real"


def test_a_premium_plan_polls_five_minute_bars() -> None:
    assert _read(ALPHA_VANTAGE_PLAN="75").intervals == ("5min",)


def test_a_simulated_market_needs_no_key() -> None:
    source = read_settings(Environment({"ALPHA_VANTAGE_SIMULATED": "true"})).source
    assert (source.name, source.freshness(MINUTE), source.freshness(DAY)) == (
        "simulator",
        "simulated",
        "simulated",
    )


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/query", "http://[::1]:8000/query", "http://localhost/query"]
)
def test_plain_http_is_for_this_machine(url: str) -> None:
    assert _read(ALPHA_VANTAGE_URL=url).source.url == url


def test_plain_http_is_for_a_simulator_that_takes_any_key() -> None:
    url = "http://simulator:8000/query"
    settings = _read(ALPHA_VANTAGE_URL=url, ALPHA_VANTAGE_KEY="", ALPHA_VANTAGE_SIMULATED="true")
    assert settings.source.url == url


def test_the_key_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("FROMFILE\n")
    assert _read(ALPHA_VANTAGE_KEY_FILE=str(tmp_path / "key")).source.key == Secret("FROMFILE")


def test_rapidapi_is_told_by_its_host_or_by_the_setting() -> None:
    url = "https://alpha-vantage.p.rapidapi.com/query"
    assert _read(ALPHA_VANTAGE_URL=url).source.rapidapi
    assert _read(ALPHA_VANTAGE_RAPIDAPI="true").source.rapidapi


@pytest.mark.parametrize(
    ("entitlement", "series", "freshness"),
    [
        ("none", MINUTE, "historical"),
        ("delayed", MINUTE, "delayed_15min"),
        ("realtime", MINUTE, "realtime"),
        ("realtime", DAY, "end_of_day"),
        ("none", Series("FX:EUR/USD", "5min"), "realtime"),
        ("delayed", Series("CRYPTO:BTC/USD", "5min"), "realtime"),
        ("none", Series("INDEX:SPX", "1d"), "end_of_day"),
    ],
)
def test_the_entitlement_decides_the_freshness_of_shares(
    entitlement: str, series: Series, freshness: str
) -> None:
    settings = _read(ALPHA_VANTAGE_PLAN="150", ALPHA_VANTAGE_ENTITLEMENT=entitlement)
    assert settings.source.freshness(series) == freshness


def test_the_key_is_known_in_every_form_it_takes() -> None:
    forms = [secret.reveal() for secret in _read().source.secrets()]
    assert forms == ["K3Y/+ K3Y", "K3Y%2F%2B%20K3Y", "K3Y%2F%2B+K3Y"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        pytest.param({"ALPHA_VANTAGE_KEY": ""}, "ALPHA_VANTAGE_KEY is not set", id="no-key"),
        pytest.param(
            {"ALPHA_VANTAGE_KEY": "a\x07b"},
            r"a character that no key has \(U\+0007\)",
            id="odd-key",
        ),
        pytest.param({"ALPHA_VANTAGE_PLAN": "gold"}, "ALPHA_VANTAGE_PLAN is 'gold'", id="plan"),
        pytest.param({"INTERVALS": "5min"}, "set INTERVALS=1d", id="intraday-on-free"),
        pytest.param({"INTERVALS": "2min"}, "INTERVALS holds '2min'", id="interval"),
        pytest.param({"INTERVALS": ","}, "INTERVALS names no interval", id="no-interval"),
        pytest.param(
            {"SYMBOLS": "AAPL,no symbol"}, "SYMBOLS: 'no symbol' is no symbol", id="symbol"
        ),
        pytest.param({"SYMBOLS": ","}, "SYMBOLS names no symbol", id="no-symbol"),
        pytest.param(
            {"ALPHA_VANTAGE_URL": "ftp://x"}, "ALPHA_VANTAGE_URL must look like", id="url"
        ),
        pytest.param(
            {"ALPHA_VANTAGE_URL": "http://www.alphavantage.co/query"}, "in clear text", id="http"
        ),
        pytest.param(
            {"ALPHA_VANTAGE_URL": "http://127.0.0.1.example:80/q"}, "in clear text", id="http-like"
        ),
        pytest.param(
            {"ALPHA_VANTAGE_URL": "http://simulator:8000/query", "ALPHA_VANTAGE_SIMULATED": "true"},
            "in clear text",
            id="http-with-a-key-of-ones-own",
        ),
        pytest.param(
            {"ALPHA_VANTAGE_URL": "https://u:K3Y@host/query"}, "without user, key", id="url-key"
        ),
        pytest.param(
            {"ALPHA_VANTAGE_ENTITLEMENT": "delayed"}, "needs a premium plan", id="entitlement"
        ),
        pytest.param(
            {"ALPHA_VANTAGE_ENTITLEMENT": "realtime", "ALPHA_VANTAGE_PLAN": "75"},
            "at least 150 calls a minute",
            id="realtime-plan",
        ),
        pytest.param({"KAFKA_BOOTSTRAP": "kafka"}, "KAFKA_BOOTSTRAP holds 'kafka'", id="kafka"),
        pytest.param({"KAFKA_BOOTSTRAP": ","}, "KAFKA_BOOTSTRAP names no broker", id="no-kafka"),
        pytest.param({"FETCH_PARALLEL": "0"}, "FETCH_PARALLEL is '0'", id="parallel"),
        pytest.param({"DELIVERY_SECONDS": "1"}, "DELIVERY_SECONDS is '1'", id="delivery"),
    ],
)
def test_a_wrong_value_is_told_in_one_line(variables: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message) as caught:
        _read(**variables)
    assert "\n" not in str(caught.value)
    assert "K3Y" not in str(caught.value)
