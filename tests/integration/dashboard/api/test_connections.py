"""The data API beside a database of others: passwords, taken connections, foreign settings."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import psycopg
import pytest

from services.dashboard.connection_pool import CHANNEL
from services.dashboard.data_api.datasets import ALL
from services.dashboard.data_api.stored_tables import BARS
from services.stream.sink.sql import NOTIFY_CHANNEL
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import NEEDED, Dashboard, serving


def test_the_channel_is_the_one_that_the_stream_notifies() -> None:
    assert CHANNEL == NOTIFY_CHANNEL


def test_a_password_a_host_name_and_a_rate(stored: Market, tmp_path: Path) -> None:
    secret = "correct horse"
    own = {"DASHBOARD_PASSWORD": secret, "DASHBOARD_REQUESTS_A_MINUTE": "30"}
    with serving(stored, tmp_path, **own) as guarded:
        url = f"{guarded.url}/api/series"
        refused = httpx.get(url)
        assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
        assert "default-src 'none'" in refused.headers["content-security-policy"]
        assert httpx.get(url, auth=("anybody", "wrong")).status_code == 401
        assert httpx.get(url, auth=("anybody", secret)).status_code == 200
        foreign = {"Host": "rebound.example.org"}
        assert httpx.get(url, auth=("anybody", secret), headers=foreign).status_code == 400
        codes = {httpx.get(url, auth=("anybody", secret)).status_code for _ in range(40)}
        assert codes == {200, 429}
        assert httpx.get(f"{guarded.url}/healthy").status_code == 200
    assert secret not in guarded.log()


def test_people_s_idle_sessions_take_no_connection_from_the_page(
    dashboard: Dashboard, stored: Market
) -> None:
    with ExitStack() as opened:
        held = "select count(*) from pg_stat_activity where usename = 'dashboard_reader'"
        [(already,)] = stored.rows(held)
        for _ in range(20 - already):
            opened.enter_context(closing(stored.connect("dashboard_reader")))
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            stored.connect("dashboard_reader")
        answers = [dashboard.get("/api/bars", limit="5", **NEEDED).status_code for _ in range(20)]
    assert answers == [200] * 20


def test_what_the_database_s_owner_set_for_everybody_changes_no_answer(
    stored: Market, tmp_path: Path
) -> None:
    foreign = {"datestyle": "German", "bytea_output": "escape", "extra_float_digits": "-15",
               "timezone": "Asia/Kolkata", "intervalstyle": "sql_standard"}  # fmt: skip
    names = [one.name for one in (BARS, *ALL) if one is BARS or one.days is not None]
    with serving(stored, tmp_path) as usual:
        before = [usual.get(f"/api/{name}", limit="50", **NEEDED).text for name in names]
    try:
        for name, value in foreign.items():
            stored.run(f"alter database {stored.database} set {name} = '{value}'")
        with serving(stored, tmp_path) as now:
            after = [now.get(f"/api/{name}", limit="50", **NEEDED).text for name in names]
    finally:
        for name in foreign:
            stored.run(f"alter database {stored.database} reset {name}")
        stored.run(f"alter database {stored.database} set timezone = 'UTC'")
    assert after == before
    assert "2026-11-17T" in before[names.index(BARS.name)]
