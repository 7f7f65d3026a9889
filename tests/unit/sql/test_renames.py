"""Renames as people write them, and which symbols a change of them touches."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sql.renames import parser, read_file, wanted
from sql.renaming import Rename, RenameError, require_consistent, touched

META = Rename(date(2022, 6, 9), "FB", "META")
METV = Rename(date(2022, 1, 31), "META", "METV")
SQ = Rename(date(2025, 1, 21), "SQ", "XYZ")


def test_a_rename_is_read_as_people_write_it() -> None:
    assert Rename.parse(" fb", "meta ", " 2022-06-09") == META


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("FB", "META", "9.6.2022"), "2022-06-09|isoformat"),
        (("FB", "ME TA", "2022-06-09"), "'ME TA' is no symbol"),
        (("FB", "fb", "2022-06-09"), "FB is renamed to itself"),
        (("TSCO.LON", "TSCO", "2022-06-09"), "two exchanges"),
        (("FX:EUR/USD", "EURUSD", "2022-06-09"), "two exchanges"),
    ],
)
def test_what_is_none_is_refused(words: tuple[str, str, str], why: str) -> None:
    with pytest.raises(RenameError, match=why):
        Rename.parse(*words)


def test_two_on_one_day_must_be_of_different_symbols() -> None:
    swapped = Rename(META.renamed_on, "META", "FB")
    require_consistent([META, METV, SQ, swapped])
    for rival, why in (
        (Rename(META.renamed_on, "FB", "OTHER"), "FB is renamed from twice on 2022-06-09"),
        (Rename(META.renamed_on, "OTHER", "META"), "META is renamed to twice on 2022-06-09"),
    ):
        with pytest.raises(RenameError, match=why):
            require_consistent([META, rival])


def test_a_change_touches_all_that_renames_connect() -> None:
    assert touched([META], []) == ["FB", "META"]
    assert touched([META], [SQ, METV]) == ["FB", "META", "METV"]
    assert touched([METV], [SQ, META]) == ["FB", "META", "METV"]


def test_a_file_is_the_whole_truth(tmp_path: Path) -> None:
    file = tmp_path / "renames.csv"
    file.write_text(
        "\ufeffold_symbol,new_symbol,renamed_on\r\nFB,META,2022-06-09\r\n\r\nmeta,METV,2022-01-31\r\n"
    )
    assert read_file(file) == [META, METV]
    assert wanted(parser().parse_args(["load", str(file)]), [SQ]) == [META, METV]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("FB,META,2022-06-09\n", "line 1: wanted is the header old_symbol,new_symbol,renamed_on"),
        ("", "line 1"),
        ("old_symbol,new_symbol,renamed_on\nFB,META\n", "line 2: wanted are 3 columns"),
        ("old_symbol,new_symbol,renamed_on\n\nFB,FB,2022-06-09\n", "line 3: FB is renamed to itse"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(text: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "renames.csv"
    file.write_text(text)
    with pytest.raises(RenameError, match=why):
        read_file(file)
    with pytest.raises(RenameError, match=r"absent\.csv"):
        read_file(tmp_path / "absent.csv")


def test_one_is_added_to_those_known_or_taken_from_them() -> None:
    add = parser().parse_args(["add", "fb", "META", "2022-06-09"])
    remove = parser().parse_args(["remove", "fb", "2022-06-09"])
    assert wanted(add, [METV]) == [METV, META]
    assert wanted(remove, [METV, META]) == [METV]
    with pytest.raises(RenameError, match="no rename of FB on 2022-06-09 is known"):
        wanted(remove, [METV])
