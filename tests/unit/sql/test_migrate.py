"""The settings of a migration, and its command line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.common.market.market_clock import MarketClock
from services.common.secret import Secret
from services.common.settings import SettingError
from sql.migrate import LOGIN_ROLES, Settings, main, read_settings
from sql.source_clock import read_clock_file

PASSWORDS = {f"{role.upper()}_PASSWORD": f"pw of {role}" for role in LOGIN_ROLES}
ANCHOR = datetime(2026, 11, 23, 12, tzinfo=UTC)
REQUIRED = {"POSTGRES_ADMIN_PASSWORD": "admin pw", **PASSWORDS}


def test_defaults() -> None:
    assert read_settings(REQUIRED) == Settings(
        host="127.0.0.1",
        port=5432,
        database="market",
        admin_user="postgres",
        admin_password=Secret("admin pw"),
        role_passwords={role: Secret(f"pw of {role}") for role in LOGIN_ROLES},
        market_clock=MarketClock(),
    )


def test_every_setting_and_passwords_from_files(tmp_path: Path) -> None:
    files = {}
    for name, value in REQUIRED.items():
        (tmp_path / name).write_text(f"{value}\n", encoding="utf-8")
        files[f"{name}_FILE"] = str(tmp_path / name)
    address = {
        "POSTGRES_HOST": "db",
        "POSTGRES_PORT": "6543",
        "POSTGRES_DB": "m",
        "POSTGRES_ADMIN_USER": "root",
        "MARKET_CLOCK": "2026-11-16T14:30:00+00:00@2026-11-23T12:00:00+00:00*60",
    }

    assert read_settings({**address, **files}) == Settings(
        host="db",
        port=6543,
        database="m",
        admin_user="root",
        admin_password=Secret("admin pw"),
        role_passwords={role: Secret(f"pw of {role}") for role in LOGIN_ROLES},
        market_clock=MarketClock(datetime(2026, 11, 16, 14, 30, tzinfo=UTC), ANCHOR, 60),
    )


@pytest.mark.parametrize("missing", sorted(REQUIRED))
def test_every_password_is_required_and_named(missing: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings({**REQUIRED, missing: ""})
    assert str(caught.value) == f"{missing} is not set, and there is no default for it"


def test_no_password_is_shown() -> None:
    assert "pw" not in repr(read_settings(REQUIRED)).replace("password", "")


def test_a_missing_setting_ends_the_command_with_one_line_and_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in REQUIRED:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.setattr("sys.argv", ["migrate"])

    assert main() == 2
    assert capsys.readouterr().err == (
        "migrate: POSTGRES_ADMIN_PASSWORD is not set, and there is no default for it\n"
    )


def test_the_clock_is_taken_from_a_simulators_file_if_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    assert read_clock_file(None, "real") == "real"
    assert read_clock_file(file, "real") == "real"
    file.write_text("2026-11-16T14:30:00+00:00@2026-11-23T12:00:00+00:00*60\n", "utf-8")
    assert read_clock_file(file, "real").endswith("*60")
