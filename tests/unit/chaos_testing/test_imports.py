"""The files that the chaos run imports: what they say is what the importer makes of them, and the
kills follow their seed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from scripts.chaos_testing.imports import bar_files
from scripts.chaos_testing.imports.importer import draw
from services.stream.files.decode import Decoder
from services.stream.files.recognise import recognise
from services.stream.importing.options import answers, import_parser
from services.stream.importing.outcomes import _value
from services.stream.importing.sources import sources


def test_a_file_says_what_is_held_against_the_database(tmp_path: Path) -> None:
    files = [tmp_path / f"bars-{number}.csv" for number in range(2)]
    for number, file in enumerate(files):
        file.write_text(bar_files.text(number), "utf-8")
    said = answers(import_parser().parse_args([*map(str, files), *bar_files.OPTIONS]))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    found = sources(
        ((file, recognise(file, said)) for file in files), {}, now, bar_files.OBSERVED_AT
    )
    for number, source in enumerate(found):
        rows = list(Decoder(source.path, source.layout, source.observed_at).rows(0))
        assert {
            (source.partition, source.offset(row.number)): (_value(source, row), row.bar)
            for row in rows
        } == bar_files.held(source.path.name, number)
        assert {row.bar.symbol for row in rows if row.bar} == {*bar_files.SYMBOLS}
        assert sum(row.bar is None for row in rows) > 40


def test_a_seed_gives_the_same_kills_again() -> None:
    assert draw(5, 20) == draw(5, 20) != draw(6, 20)
    kills = draw(5, 20)
    assert len({kill.target for kill in kills}) == 4
    assert {(kill.seconds is None, kill.rows is None) for kill in kills} == {
        (False, True),
        (True, False),
    }
