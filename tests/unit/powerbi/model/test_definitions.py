"""A model that contradicts itself is refused before it is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from powerbi.model.dax_references import columns_in, measures_in, require_references
from powerbi.model.definitions import (
    Column,
    Measure,
    Model,
    ModelError,
    Relationship,
    require_sound,
)
from powerbi.model.semantic_model import MODEL
from tests.unit.powerbi import small


def test_the_models_are_sound() -> None:
    for model in (small.MODEL, MODEL):
        require_sound(model)
        require_references(model)


def with_measure(name: str, dax: str) -> Model:
    bars = replace(
        small.BARS, measures=(*small.BARS.measures, Measure(name, dax, "0", "New.", "New"))
    )
    return Model((small.SYMBOLS, bars), small.MODEL.relationships)


def test_a_measure_may_not_be_named_like_a_column_in_another_case() -> None:
    with pytest.raises(ModelError, match="Day bars: Close, close"):
        require_sound(with_measure("Close", "1"))


def test_a_measure_may_not_be_named_like_one_of_another_table() -> None:
    symbols = replace(
        small.SYMBOLS, measures=(Measure("LAST CLOSE", "1", "0", "The last.", "New"),)
    )
    with pytest.raises(ModelError, match="LAST CLOSE, Last close"):
        require_sound(Model((symbols, small.BARS)))


def test_tables_may_not_differ_in_case_alone() -> None:
    with pytest.raises(ModelError, match="SYMBOLS, Symbols"):
        require_sound(Model((small.SYMBOLS, replace(small.SYMBOLS, name="SYMBOLS"))))


def test_relationships_join_what_is_there_and_alike() -> None:
    missing = Relationship("Day bars", "nothing", "Symbols", "symbol")
    with pytest.raises(ModelError, match=r"Day bars.*nothing"):
        require_sound(replace(small.MODEL, relationships=(missing,)))
    unlike = Relationship("Day bars", "volume", "Symbols", "symbol")
    with pytest.raises(ModelError, match="columns of different kinds"):
        require_sound(replace(small.MODEL, relationships=(unlike,)))


@pytest.mark.parametrize(
    ("dax", "complaint"),
    [
        ("MAX ( 'Day bars'[open] )", "measure New: Day bars has no column open"),
        ("MAX ( Nights[open] )", "measure New: the model has no table Nights"),
        ("[First close] + 1", "measure New: Day bars has no measure First close"),
        ("COUNTROWS ( Nights )", "measure New: the model has no table Nights"),
    ],
)
def test_a_measure_refers_to_what_is_there(dax: str, complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        require_references(with_measure("New", dax))


def test_references_are_found_in_dax() -> None:
    dax = "DIVIDE ( SUM ( 'Day bars'[volume] ), MAX ( Bars[close] ) ) + [Last close]"
    assert [*columns_in(dax)] == [("Day bars", "volume"), ("Bars", "close")]
    assert [*measures_in(dax)] == ["Last close"]


def test_the_columns_by_which_all_is_filtered_come_first_and_hidden() -> None:
    related = {relationship.table for relationship in MODEL.relationships} - {
        "Quotes",
        "Corporate actions",
    }
    assert len(related) == len(MODEL.tables) - 5
    for name in related:
        assert MODEL.table(name).columns[:3] == (
            Column("symbol", "text", is_hidden=True),
            Column("interval", "text", is_hidden=True),
            Column("session_date", "date", is_hidden=True),
        )
