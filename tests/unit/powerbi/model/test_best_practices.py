"""The rules by which Tabular Editor's best-practice analyser judges a model, in own words.

Two of its rules are not kept, on purpose: names are those of the database, in lower case; prices
are floating point, since the fixed decimal of Power BI has four places and a price up to ten.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from powerbi.model import dimensions, price_tables
from powerbi.model.dax_references import columns_in
from powerbi.model.definitions import Column, Measure, Model, Relationship
from powerbi.model.descriptions import described
from powerbi.model.semantic_model import MODEL

Rule = Callable[[Model], Iterable[str]]
MANY = 10
"""So many columns or measures of one table need a hierarchy, or folders."""


def measures(model: Model) -> list[Measure]:
    return [measure for table in model.tables for measure in table.measures]


def columns(model: Model) -> list[tuple[str, Column]]:
    return [(table.name, column) for table in model.tables for column in table.columns]


def tables_and_measures_are_described(model: Model) -> Iterable[str]:
    yield from (table.name for table in model.tables if not table.grain.endswith("."))
    yield from (each.name for each in measures(model) if not each.description.endswith("."))


def columns_are_described(model: Model) -> Iterable[str]:
    for table in model.tables:
        for column in table.columns:
            if not described(table.view, column.name):
                yield f"{table.name}.{column.name}"


def measures_have_a_format_and_a_folder(model: Model) -> Iterable[str]:
    yield from (each.name for each in measures(model) if not each.format_string or not each.folder)


def names_have_no_blanks_around_them(model: Model) -> Iterable[str]:
    names = [table.name for table in model.tables]
    names += [measure.name for measure in measures(model)]
    names += [column.name for _, column in columns(model)]
    yield from (name for name in names if name != name.strip() or re.search(r"[\t\r\n\[\]]", name))


def divisions_are_safe(model: Model) -> Iterable[str]:
    """A division by a constant is; else DIVIDE is used, which is blank where nought divides."""
    yield from (each.name for each in measures(model) if re.search(r"/ (?!\d)", each.dax))


def errors_are_not_caught(model: Model) -> Iterable[str]:
    caught = r"\b(IFERROR|ISERROR)\b"
    yield from (each.name for each in measures(model) if re.search(caught, each.dax))


def tables_are_not_filtered_whole(model: Model) -> Iterable[str]:
    """A filter on a column is enough, and faster."""
    yield from (each.name for each in measures(model) if re.search(r"\bFILTER\b", each.dax))


def functions_are_those_of_direct_query(model: Model) -> Iterable[str]:
    unfit = r"\b(DATESYTD|TOTALYTD|SAMEPERIODLASTYEAR|PARALLELPERIOD|PATH|TODAY|NOW)\b"
    yield from (each.name for each in measures(model) if re.search(unfit, each.dax))


def columns_are_read_with_their_table(model: Model) -> Iterable[str]:
    """And measures without, so that one tells them apart."""
    names = {measure.name for measure in measures(model)}
    for measure in measures(model):
        yield from (measure.name for _, name in columns_in(measure.dax) if name in names)


def no_two_measures_are_the_same(model: Model) -> Iterable[str]:
    counts = Counter(measure.dax for measure in measures(model))
    yield from (each.name for each in measures(model) if counts[each.dax] > 1)


def relationships_are_many_to_one_by_the_key(model: Model) -> Iterable[str]:
    for each in model.relationships:
        if not model.table(each.to_table).column(each.to_column).is_key:
            yield f"{each.table} to {each.to_table}"


def no_two_paths_lead_to_a_table(model: Model) -> Iterable[str]:
    counts = Counter((each.table, each.to_table) for each in model.relationships)
    yield from (f"{path}" for path, count in counts.items() if count > 1)


def every_table_is_related(model: Model) -> Iterable[str]:
    related = {name for each in model.relationships for name in (each.table, each.to_table)}
    yield from (table.name for table in model.tables if table.name not in related)


def foreign_keys_are_hidden(model: Model) -> Iterable[str]:
    for each in model.relationships:
        if not model.table(each.table).column(each.column).is_hidden:
            yield f"{each.table}.{each.column}"


def dates_are_marked_and_have_a_hierarchy(model: Model) -> Iterable[str]:
    for table in model.tables:
        keys = [column for column in table.columns if column.is_key and column.kind == "date"]
        if table.is_calendar and not (len(keys) == 1 and table.hierarchies):
            yield table.name
    if not any(table.is_calendar for table in model.tables):
        yield "no table of dates"


def names_of_months_and_weekdays_are_sorted_by_number(model: Model) -> Iterable[str]:
    for table, column in columns(model):
        if column.name in ("month_name", "weekday_name") and not column.sort_by:
            yield f"{table}.{column.name}"


def what_is_much_is_in_folders(model: Model) -> Iterable[str]:
    for table in model.tables:
        if len(table.measures) > MANY and len({each.folder for each in table.measures}) == 1:
            yield table.name


RULES: list[Rule] = [
    tables_and_measures_are_described,
    columns_are_described,
    measures_have_a_format_and_a_folder,
    names_have_no_blanks_around_them,
    divisions_are_safe,
    errors_are_not_caught,
    tables_are_not_filtered_whole,
    functions_are_those_of_direct_query,
    columns_are_read_with_their_table,
    no_two_measures_are_the_same,
    relationships_are_many_to_one_by_the_key,
    no_two_paths_lead_to_a_table,
    every_table_is_related,
    foreign_keys_are_hidden,
    dates_are_marked_and_have_a_hierarchy,
    names_of_months_and_weekdays_are_sorted_by_number,
    what_is_much_is_in_folders,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_model_keeps_the_rule(rule: Rule) -> None:
    assert [*rule(MODEL)] == []


def worse() -> Model:
    """Return a model that breaks every rule."""
    by_hand = [
        Measure(f" {name}", dax, "", "", "")
        for name, dax in {
            "Mean": "SUM ( Candles[volume] ) / SUM ( Candles[bars] )",
            "Caught": "IFERROR ( 1, 0 )",
            "Caught again": "IFERROR ( 1, 0 )",
            "Filtered": "COUNTROWS ( FILTER ( Candles, Candles[bars] > 1 ) )",
            "Year": "TOTALYTD ( [Close price], Dates[session_date] )",
            "Misread": "Candles[Close price]",
            "Looped": "FILTER ( Candles, 1 )",
        }.items()
    ]
    others = [Measure(name, name, "0", "", "One") for name in ("Close price", *"abcd")]
    candles = replace(
        price_tables.CANDLES,
        grain="",
        measures=(*by_hand, *others),
        columns=(
            Column("unknown", "text"),
            Column("symbol", "text"),
            Column("session_date", "date"),
        ),
    )
    symbols = replace(dimensions.SYMBOLS, columns=(Column("symbol", "text"),))
    dates = replace(
        dimensions.DATES,
        is_calendar=False,
        columns=(Column("session_date", "date"), Column("month_name", "text")),
    )
    relationship = Relationship("Candles", "symbol", "Symbols", "symbol")
    folders = tuple(replace(measure, folder="One") for measure in candles.measures)
    filed = replace(candles, measures=folders)
    tables = (symbols, dates, candles, replace(filed, name="Filed"))
    return Model(tables, (relationship, relationship))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_worse_model_breaks_the_rule(rule: Rule) -> None:
    assert [*rule(worse())] != []
