"""The semantic model as text."""

from __future__ import annotations

import pytest

from powerbi.identity import tag
from powerbi.model.descriptions import described
from powerbi.model.power_query import Address, partition_source
from powerbi.model.semantic_model import MODEL
from powerbi.model.tmdl import model_files, quoted, text_value
from tests.unit.powerbi import small

TABLE = """\
/// One row per symbol and day.
table 'Day bars'
	lineageTag: {table}

	/// Of one day.
	measure 'Last close' = MAX ( 'Day bars'[close] )
		formatString: #,##0.00
		displayFolder: Prices
		lineageTag: {last}

	/// Twice that.
	measure Twice = 2 * [Last close]
		formatString: 0.0
		displayFolder: Prices
		lineageTag: {twice}

	/// Number of days.
	measure Rows = COUNTROWS ( 'Day bars' )
		formatString: 0
		displayFolder: Counts
		lineageTag: {rows}

	column symbol
		dataType: string
		isHidden
		lineageTag: {symbol}
		summarizeBy: none
		sourceColumn: symbol

		annotation SummarizationSetBy = User

	column day
		dataType: dateTime
		formatString: yyyy-mm-dd
		lineageTag: {day}
		summarizeBy: none
		sourceColumn: day

		annotation SummarizationSetBy = User

	column close
		dataType: double
		formatString: #,##0.00
		lineageTag: {close}
		summarizeBy: none
		sourceColumn: close

		annotation SummarizationSetBy = User

	column volume
		dataType: int64
		formatString: 0
		lineageTag: {volume}
		summarizeBy: none
		sourceColumn: volume

		annotation SummarizationSetBy = User

	partition 'Day bars' = m
		mode: directQuery
		source =
				let
					Source = PostgreSQL.Database(PgHost, PgDatabase, [CreateNavigationProperties = false, CommandTimeout = #duration(0, 0, 0, 30)]),
					Data = Source{{[Schema = "bi", Item = "day_bars"]}}[Data]
				in
					Data
"""  # noqa: E501 - the file as it is


def test_a_table_is_written_whole() -> None:
    text = model_files("Small", small.MODEL, Address("db"))["definition/tables/Day bars.tmdl"]
    named = ("symbol", "day", "close", "volume")
    assert text == TABLE.format(
        table=tag("table", "Day bars"),
        last=tag("measure", "Day bars", "Last close"),
        twice=tag("measure", "Day bars", "Twice"),
        rows=tag("measure", "Day bars", "Rows"),
        **{name: tag("column", "Day bars", name) for name in named},
    )


def test_a_column_is_described_in_the_words_of_the_database() -> None:
    text = model_files("Tapeline", MODEL, Address("db"))["definition/tables/Dates.tmdl"]
    told = described("dates", "is_early_close")
    assert told
    assert f"\t/// {told}\n\tcolumn is_early_close\n" in text


def test_the_columns_of_a_wide_table_are_in_folders() -> None:
    text = model_files("Tapeline", MODEL, Address("db"))["definition/tables/Signals.tmdl"]
    columns = [part.split("\n\n")[0] for part in text.split("\tcolumn ")[1:]]
    filed: dict[str | None, list[str]] = {}
    for column in columns:
        name, *properties = column.replace("\t", "").split("\n")
        folder = dict(one.split(": ") for one in properties if ": " in one).get("displayFolder")
        filed.setdefault(folder, []).append(name)
    assert filed == {
        None: ["symbol", "interval", "session_date"],
        "Times": ["bar_time_utc", "bar_time_exchange"],
        "Kinds and sources": ["rule", "direction", "is_hit"],
        "Prices": ["close", "value", "threshold"],
        "Figures": [
            "return_10_percent",
            "past_hit_rate_percent",
            "past_hit_rate_low_percent",
            "past_hit_rate_high_percent",
            "base_rate_percent",
        ],
        "Counts": ["past_signals", "past_hits", "past_ties", "past_bars"],
    }


def test_tags_stay_what_they_are() -> None:
    assert tag("table", "Candles") == "fd03208c-3fa7-55a0-9eb1-44bfa2db230d"


def test_keys_order_and_calendars_are_said() -> None:
    files = model_files("Tapeline", MODEL, Address("db"))
    assert "\tdataCategory: Time\n" in files["definition/tables/Dates.tmdl"]
    assert "\t\tisKey\n" in files["definition/tables/Dates.tmdl"]
    assert "\t\tsortByColumn: minutes\n" in files["definition/tables/Intervals.tmdl"]


def test_the_host_stands_in_one_place_alone() -> None:
    files = model_files("Tapeline", MODEL, Address("db.example.org", 6432, "market"))
    assert [name for name, text in files.items() if "example.org" in text] == [
        "definition/expressions.tmdl"
    ]
    assert files["definition/expressions.tmdl"].startswith(
        'expression PgHost = "db.example.org:6432" meta [IsParameterQuery = true, Type = "Text", '
        "IsParameterQueryRequired = true]\n\tlineageTag: "
    )


def test_relationships_name_both_columns() -> None:
    text = model_files("Small", small.MODEL, Address("db"))["definition/relationships.tmdl"]
    assert text == (
        f"relationship {tag('relationship', 'Day bars', 'symbol', 'Symbols')}\n"
        "\tfromColumn: 'Day bars'.symbol\n"
        "\ttoColumn: Symbols.symbol\n"
    )


def test_every_table_reads_one_view_as_it_is() -> None:
    for table in MODEL.tables:
        item = "View" if table.on_each_basis else f'"{table.view}"'
        assert f'Source{{[Schema = "bi", Item = {item}]}}[Data]' in partition_source(table)
    assert len({table.view for table in MODEL.tables}) == len(MODEL.tables)


def test_prices_are_of_the_basis_that_the_parameter_names() -> None:
    files = model_files("Tapeline", MODEL, Address("db"))
    assert (
        'expression PriceBasis = "split_adjusted" meta [IsParameterQuery = true, '
        'List = {"as_traded", "split_adjusted", "total_return"}, '
        'DefaultValue = "split_adjusted", Type = "Text", IsParameterQueryRequired = true]\n'
    ) in files["definition/expressions.tmdl"]
    assert "ref expression PriceBasis\n" in files["definition/model.tmdl"]
    assert (
        '\tView = if PriceBasis = "as_traded" then "candles" else "candles_" & PriceBasis,\n'
    ) in partition_source(MODEL.table("Candles"))
    assert [table.name for table in MODEL.tables if table.on_each_basis] == [
        *("Bars", "Candles", "Volatility")
    ]


@pytest.mark.parametrize(
    ("name", "written"), [("Bars", "Bars"), ("Day bars", "'Day bars'"), ("it's", "'it''s'")]
)
def test_names_are_quoted_where_they_need_it(name: str, written: str) -> None:
    assert quoted(name) == written


def test_formats_with_quotes_are_delimited() -> None:
    assert text_value("#,##0") == "#,##0"
    assert text_value('0.00"%"') == '"0.00""%"""'
    files = model_files("Tapeline", MODEL, Address("db"))
    assert (
        '\t\tformatString: """TRUE"";""TRUE"";""FALSE"""\n' in files["definition/tables/Dates.tmdl"]
    )


def test_an_address_of_version_6_is_bracketed() -> None:
    assert Address("2001:db8::7").server == "[2001:db8::7]:5432"
