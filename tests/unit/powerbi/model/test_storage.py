"""What is asked for, what is imported, and which rows of it."""

from __future__ import annotations

from collections import Counter

import pytest

from powerbi.model.power_query import Address, parameters, partition_source
from powerbi.model.semantic_model import MODEL
from powerbi.model.storage import MODES, Mode, Storage
from powerbi.model.tmdl import model_files

ADDRESS = Address("db")
CANDLES = MODEL.table("Candles")
DIMENSIONS = ["Symbols", "Intervals", "Dates"]
HISTORIES = ["Bars", "Candles", "Session statistics"]
FACTS = [table.name for table in MODEL.tables if table.is_by_session]


def partitions(mode: Mode) -> dict[str, str]:
    return {table.name: Storage(mode).of(table) for table in MODEL.tables}


def test_direct_query_asks_for_everything_and_import_holds_everything() -> None:
    names = [table.name for table in MODEL.tables]
    assert partitions("directquery") == dict.fromkeys(names, "directQuery")
    assert partitions("import") == dict.fromkeys(names, "import")


def test_hybrid_imports_histories_and_holds_dimensions_in_both_places() -> None:
    found = partitions("hybrid")
    assert [name for name, mode in found.items() if mode == "dual"] == DIMENSIONS
    assert [name for name, mode in found.items() if mode == "import"] == HISTORIES


def test_an_import_holds_the_last_days_of_what_is_by_session() -> None:
    storage = Storage("import", import_days=7)
    bounded = "Recent = Table.SelectRows(Data, each [session_date] >= From)\nin\n\tRecent"
    sources = {table.name: partition_source(table, storage) for table in MODEL.tables}
    assert [name for name, source in sources.items() if source.endswith(bounded)] == FACTS
    assert len(FACTS) == 12
    [days] = [each for each in parameters(ADDRESS, storage) if each.name == "ImportDays"]
    assert days.expression.startswith("7 meta [")


def test_a_history_is_cut_into_whole_sessions_none_of_them_twice() -> None:
    assert partition_source(CANDLES, Storage("hybrid")).splitlines()[4:] == [
        "\tFrom = DateTime.Date(RangeStart),",
        "\tUntil = DateTime.Date(RangeEnd),",
        "\tMonth = Table.SelectRows(Data, each [session_date] >= From and [session_date] < Until)",
        "in",
        "\tMonth",
    ]


def test_months_that_are_over_are_imported_and_the_newest_one_is_asked_for() -> None:
    files = model_files("Tapeline", MODEL, ADDRESS, Storage("hybrid", history_months=12))
    policy = (
        "\trefreshPolicy\n"
        "\t\tpolicyType: basic\n"
        "\t\tmode: hybrid\n"
        "\t\trollingWindowGranularity: month\n"
        "\t\trollingWindowPeriods: 12\n"
        "\t\tincrementalGranularity: month\n"
        "\t\tincrementalPeriods: 1\n"
        "\t\tincrementalPeriodsOffset: -1\n"
    )
    with_policy = [path for path, text in files.items() if policy in text]
    assert with_policy == [f"definition/tables/{name}.tmdl" for name in HISTORIES]
    for mode in ("directquery", "import"):
        files = model_files("Tapeline", MODEL, ADDRESS, Storage(mode))
        assert not any("refreshPolicy" in text for text in files.values())


@pytest.mark.parametrize("mode", MODES)
def test_only_the_joins_of_tables_that_are_asked_for_rely_on_a_match(mode: Mode) -> None:
    storage = Storage(mode)
    text = model_files("Tapeline", MODEL, ADDRESS, storage)["definition/relationships.tmdl"]
    expected = Counter(
        each.always_matches and storage.of(MODEL.table(each.table)) == "directQuery"
        for each in MODEL.relationships
    )
    assert text.count("\trelyOnReferentialIntegrity\n") == expected[True]
    assert expected[True] == {"directquery": 24, "import": 0, "hybrid": 18}[mode]


def test_a_history_is_as_traded_since_a_split_would_change_imported_months() -> None:
    bases = {mode: Storage(mode).price_basis for mode in MODES}
    assert bases == {
        "directquery": "split_adjusted",
        "import": "split_adjusted",
        "hybrid": "as_traded",
    }
