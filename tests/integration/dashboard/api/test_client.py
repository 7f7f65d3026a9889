"""The client reads every bar and table exactly, and says in one line why it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from examples.api_connection import ApiConnection, ApiError
from examples.client import Client
from scripts.local_stack.servers.ports import HOST, free_ports
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import MINUTES, SESSIONS, Dashboard, serving

PASSWORD = "correct horse"
CLOSES = (
    "select bar_time, close from bi.events_stream where symbol = 'AAPL' "
    "and bar_time >= '2026-11-17' and bar_time < '2026-11-18' order by bar_time"
)


@pytest.fixture(scope="module")
def client(dashboard: Dashboard) -> Client:
    """Return a client of the dashboard."""
    return Client.from_environment(variables={"TAPELINE_URL": dashboard.url})


def test_arrow_pandas_and_polars_have_the_bars_with_every_digit(
    client: Client, stored: Market
) -> None:
    wanted = stored.rows(CLOSES)
    assert len(wanted) == MINUTES
    columns = ["bar_time", "close"]
    table = client.bars(
        "aapl", since=date(2026, 11, 17), until="2026-11-18", columns=columns, decimals="decimal"
    )
    assert table.column_names == columns
    assert [tuple(row.values()) for row in table.to_pylist()] == wanted
    exact = client.polars("AAPL", since="2026-11-17", until="2026-11-18", decimals="decimal")
    assert exact.schema["close"] == pl.Decimal(38, 10)
    assert exact.select(columns).rows() == wanted
    whole_day = {"since": datetime(2026, 11, 17, tzinfo=UTC), "until": "2026-11-18T00:00Z"}
    frame = client.pandas("AAPL", **whole_day, columns=columns)  # type: ignore[arg-type]
    assert [*frame.itertuples(index=False, name=None)] == [(at, float(one)) for at, one in wanted]


def test_batches_are_the_bars_of_every_symbol(client: Client) -> None:
    whole = client.bars(interval="1min")
    assert whole.num_rows == 3 * SESSIONS * MINUTES
    assert pa.Table.from_batches(client.batches(interval="1min")).equals(whole)
    some = client.bars(["TSLA", "msft", "TSLA"])
    assert some["symbol"].unique().to_pylist() == ["MSFT", "TSLA"]
    none = client.bars("AAPL", until="2020-01-01", columns=["close"])
    assert (none.num_rows, none.schema) == (0, pa.schema([("close", pa.float64())]))


def test_another_table_comes_page_by_page(client: Client, stored: Market) -> None:
    found = client.table("indicators", limit=500, columns="symbol,bar_time", symbol="TSLA")
    assert found.num_rows == SESSIONS * MINUTES
    [(count,)] = stored.rows("select count(*) from bi.symbols")
    assert client.table("symbols").num_rows == count


@contextmanager
def refused() -> Iterator[pytest.ExceptionInfo[ApiError]]:
    """Expect an error of one line that does not tell the password."""
    with pytest.raises(ApiError) as caught:
        yield caught
    assert "\n" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_what_a_person_must_know_is_one_line(client: Client) -> None:
    with refused() as unknown:
        client.bars("ZZZZ")
    assert "nothing of ZZZZ is stored" in str(unknown.value)
    with refused() as wrong:
        client.bars("AAPL", columns=["price"])
    assert "there is no column 'price'" in str(wrong.value)
    with refused() as old:
        client.table("no-such-table")
    assert "older than this client" in str(old.value)
    (port,) = free_ports(1)
    with refused() as absent:
        Client(ApiConnection(f"http://{HOST}:{port}")).bars()
    assert "does it run?" in str(absent.value)
    with refused():
        Client(ApiConnection("ftp://example.org"))


def test_the_password_comes_from_a_file_and_is_told_to_nobody(
    stored: Market, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    with serving(stored, tmp_path, DASHBOARD_PASSWORD=PASSWORD) as dashboard:
        named = {"TAPELINE_URL": dashboard.url, "TAPELINE_PASSWORD_FILE": str(file)}
        client = Client.from_environment(variables=named)
        assert client.bars("AAPL").num_rows == SESSIONS * MINUTES
        assert PASSWORD not in repr(client)
        with refused() as without:
            Client.from_environment(dashboard.url, variables={}).bars("AAPL")
        assert "needs a password" in str(without.value)
        with refused() as wrong:
            Client(ApiConnection(dashboard.url, password=f"{PASSWORD}!")).bars("AAPL")
        assert "refuses the password" in str(wrong.value)
    with refused() as open_to_all:
        ApiConnection("http://market.example.org", password=PASSWORD)
    assert "TLS only" in str(open_to_all.value)
    with refused() as unread:
        Client.from_environment(variables={"TAPELINE_PASSWORD_FILE": str(tmp_path / "none")})
    assert "No such file" in str(unread.value)
