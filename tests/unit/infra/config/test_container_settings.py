"""What a stack tells the containers is judged before anything is made."""

from __future__ import annotations

from typing import Any

import pytest

from infra.config.container_settings import checked
from infra.config.reader import SettingError
from infra.config.settings import parse
from infra.outputs import OutputsError, from_mapping
from tests.unit.infra.stacks import PUBLIC_KEY, run
from tests.unit.infra.test_outputs import FOUND

LEAST = {
    "cloud": "hcloud",
    "sshPublicKey": PUBLIC_KEY,
    "adminCidrs": "203.0.113.7",
    "backupTarget": "on this machine only",
}
KEY = ("alphaVantageKey",)


def test_numbers_and_booleans_of_pulumi_are_text_again() -> None:
    given = {"SYMBOLS": "aapl, NVDA", "ALPHA_VANTAGE_PLAN": 75, "INDICATORS": False}
    assert checked(given, has_key=True) == {
        "ALPHA_VANTAGE_PLAN": "75",
        "INDICATORS": "false",
        "SYMBOLS": "aapl, NVDA",
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SYMBOL": "AAPL"}, "SYMBOL cannot be given so; there are ACCEPT_LOST_OFFSETS, ADJUSTED"),
        ({"POSTGRES_PUBLISHED": "0.0.0.0:5432"}, "POSTGRES_PUBLISHED cannot be given so; "),
        ({"SYMBOLS": "AA PL"}, "SYMBOLS is 'AA PL'; it must be symbols such as AAPL"),
        ({"SYMBOLS": ""}, "SYMBOLS is ''; it must be symbols such as AAPL"),
        ({"SYMBOLS": ["AAPL", "NVDA"]}, "SYMBOLS must be one line without quotation marks"),
        ({"ALPHA_VANTAGE_PLAN": "gold"}, "ALPHA_VANTAGE_PLAN is 'gold'; it must be free, unl"),
        ({"ALPHA_VANTAGE_PLAN": 7.5}, "ALPHA_VANTAGE_PLAN is '7.5'; it must be free, unl"),
        ({"INTERVALS": "1d,2min"}, "INTERVALS is '1d,2min'; it must be one or more of 1min"),
        ({"KAFKA_MEMORY": "512"}, "KAFKA_MEMORY is '512'; it must be an amount of memory such as"),
        ({"SPARK_MASTER": "yarn"}, "SPARK_MASTER is 'yarn'; it must be local[N] or spark://"),
        ({"INDICATORS": "yes"}, "INDICATORS is 'yes'; it must be one of true, false"),
        ({"REJECT_ALARM_RATIO": "nan"}, "REJECT_ALARM_RATIO is 'nan'; it must be a number from 0"),
        ({"POLL_SECONDS": -1}, "POLL_SECONDS is '-1'; it must be a number from 0 to 86400"),
        ({"LOG_LEVEL": "INFO\nX=1"}, "LOG_LEVEL must be one line without quotation marks"),
        ({"SPARK_JAVA_OPTIONS": "-Da='b'"}, "SPARK_JAVA_OPTIONS must be one line without quot"),
        (
            {"PIP_INDEX_URL": "https://ann:hush@pypi.example.org/simple"},
            "PIP_INDEX_URL holds a password, which images and logs would show",
        ),
        ({"DATA_OF_BOTH_MARKETS": "true"}, "DATA_OF_BOTH_MARKETS is 'true'; it must be one of yes"),
        ({"INTERVALS": "5min"}, "INTERVALS holds 5min, but intraday bars are a premium feature"),
        (
            {"ALPHA_VANTAGE_ENTITLEMENT": "delayed"},
            "ALPHA_VANTAGE_ENTITLEMENT is 'delayed', which needs a premium plan",
        ),
        (
            {"ALPHA_VANTAGE_ENTITLEMENT": "realtime", "ALPHA_VANTAGE_PLAN": 75},
            "ALPHA_VANTAGE_ENTITLEMENT is 'realtime', which needs a plan of at least 150 calls",
        ),
    ],
)
def test_a_wrong_setting_is_one_line_for_pulumi_and_for_fab(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingError) as fault:
        parse(LEAST, KEY, given)
    assert str(fault.value).startswith(f"settings: {said}")
    assert "\n" not in str(fault.value)
    assert "hush" not in str(fault.value)
    with pytest.raises(OutputsError) as refused:
        from_mapping({**FOUND, "settings": given})
    assert str(refused.value).startswith(f"settings: {said}")


def test_the_simulated_market_is_on_no_plan() -> None:
    assert parse(LEAST, (), {"INTERVALS": "5min"}).containers == {"INTERVALS": "5min"}


def test_settings_become_an_output_and_reach_the_deployment() -> None:
    plain = run("hcloud")
    told = run("hcloud", settings='{"SYMBOLS": "AAPL,NVDA", "ALPHA_VANTAGE_PLAN": 75}')
    assert plain.outputs["settings"] == {}
    assert told.outputs["settings"] == {"ALPHA_VANTAGE_PLAN": "75", "SYMBOLS": "AAPL,NVDA"}
    assert deployed(told) != deployed(plain)


def test_another_size_of_the_volume_is_deployed_too() -> None:
    sizes = [run("hcloud", dataVolumeGb=size) for size in ("55", "80")]
    assert [one.outputs["data_volume_gb"] for one in sizes] == [55, 80]
    assert deployed(sizes[0]) != deployed(sizes[1])


def deployed(stack: Any) -> Any:
    """Return what the deployment runs again for when it changes."""
    [command] = [one for one in stack.resources if one.name == "tapeline-dev-deployment"]
    return command.inputs["stdin"]


@pytest.mark.parametrize("wrong", ["SYMBOLS=AAPL", '["AAPL"]', "75"])
def test_what_is_no_map_is_one_line(wrong: str) -> None:
    stack = run("hcloud", settings=wrong)
    assert (stack.resources, stack.error) == (
        (),
        "settings is a map; pulumi config rm settings, then: "
        "pulumi config set --path settings.SYMBOLS AAPL,NVDA",
    )


def test_certificates_for_builds_travel_with_the_outputs(tmp_path: Any) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "ascii")
    assert run("hcloud", buildCaFile=str(file)).outputs["build_ca"] == file.read_text("ascii")
    file.write_text("-----BEGIN PRIVATE KEY-----\n", "ascii")
    refused = run("hcloud", buildCaFile=str(file), alphaVantageKey="")
    assert refused.error == f"buildCaFile: {file} must hold certificates (PEM) and no private key"
    missing = run("hcloud", buildCaFile=str(tmp_path / "none.pem"))
    assert missing.error == (
        f"buildCaFile: {tmp_path / 'none.pem'} cannot be read: FileNotFoundError"
    )
