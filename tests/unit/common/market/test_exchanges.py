from __future__ import annotations

import pytest

from services.common.market.exchanges import currency_of, exchange_of, zone_of


@pytest.mark.parametrize(
    ("symbol", "code"),
    [
        *(("AAPL", "XNYS"), ("BRK.B", "XNYS"), ("BRK-B", "XNYS"), ("ALL-P-H", "XNYS")),
        *(("BT.A.LON", "XLON"), ("TSCO.LON", "XLON"), ("SHOP.TRT", "XTSE"), ("GPV.TRV", "XTSE")),
        *(("MBG.DEX", "XETR"), ("BMW.FRK", "XFRA"), ("M&M.BSE", "XBOM"), ("600104.SHH", "XSHG")),
        *(("000002.SHZ", "XSHE"), ("0700.HKG", "XHKG"), ("PETR4.SAO", "BVMF")),
        *(("C40.PAR", "XPAR"), ("SSAC.AMS", "XAMS"), ("TSCO.L0N", None), ("X.NS", None)),
    ],
)
def test_the_last_part_of_a_symbol_names_its_exchange(symbol: str, code: str | None) -> None:
    exchange = exchange_of(symbol)
    assert (exchange.code if exchange else None) == code


def test_an_unknown_exchange_has_the_clock_of_no_place() -> None:
    assert zone_of("TSCO.XYZ") == "UTC"
    assert zone_of("TSCO.LON") == "Europe/London"


def test_a_quote_unit_is_no_currency() -> None:
    assert currency_of("GBX") == ("GBP", 100)
    assert currency_of("EUR") == ("EUR", 1)
