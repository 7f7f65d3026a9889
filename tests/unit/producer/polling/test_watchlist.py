from __future__ import annotations

from pathlib import Path

from services.producer.polling.symbols_file import SymbolList, SymbolsFile, parse_symbols


def test_one_symbol_a_line_with_comments() -> None:
    text = "# mine\naapl\n\nm&m.bse\n BRK-B # Berkshire\nAAPL\nnot a symbol\n;drop\nTSCO.LON\n"
    assert parse_symbols(text) == SymbolList(
        symbols=("AAPL", "M&M.BSE", "BRK-B", "TSCO.LON"),
        complaints=(
            "line 7: 'not a symbol' is no symbol such as AAPL, TSCO.LON, FX:EUR/USD, "
            "CRYPTO:BTC/USD or INDEX:SPX",
            "line 8: ';drop' is no symbol such as AAPL, TSCO.LON, FX:EUR/USD, CRYPTO:BTC/USD or "
            "INDEX:SPX",
        ),
    )


def test_the_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "symbols"
    path.write_bytes(b"\xef\xbb\xbfAAPL\n")  # as Notepad writes it
    file = SymbolsFile(path)
    assert file.changed() == SymbolList(("AAPL",))
    assert file.changed() is None
    path.write_text("AAPL\nMSFT\n")
    assert file.changed() == SymbolList(("AAPL", "MSFT"))
    replacement = tmp_path / "new"
    replacement.write_text("TSLA\nMSFT\n")
    replacement.rename(path)
    assert file.changed() == SymbolList(("TSLA", "MSFT"))
