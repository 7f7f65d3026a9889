from __future__ import annotations

import pytest

from services.common.market.exchanges import currency_of, exchange_of, quote_unit_of, zone_of


@pytest.mark.parametrize(
    ("symbol", "code"),
    [
        *(("AAPL", "XNYS"), ("BRK.B", "XNYS"), ("BRK-B", "XNYS"), ("ALL-P-H", "XNYS")),
        *(("BT.A.LON", "XLON"), ("TSCO.LON", "XLON"), ("SHOP.TRT", "XTSE"), ("GPV.TRV", "XTSE")),
        *(("MBG.DEX", "XETR"), ("BMW.FRK", "XFRA"), ("M&M.BSE", "XBOM"), ("600104.SHH", "XSHG")),
        *(("000002.SHZ", "XSHE"), ("0700.HKG", "XHKG"), ("PETR4.SAO", "BVMF")),
        *(("C40.PAR", "XPAR"), ("SSAC.AMS", "XAMS"), ("TSCO.L0N", None), ("X.NS", None)),
        *(("FX:EUR/USD", "FX"), ("CRYPTO:BTC/USD", "CRYPTO"), ("INDEX:SPX", "INDEX")),
        *(("INDEX:X.LON", "INDEX"), ("BOND:X", None)),
    ],
)
def test_the_market_or_the_last_part_of_a_symbol_names_its_exchange(
    symbol: str, code: str | None
) -> None:
    exchange = exchange_of(symbol)
    assert (exchange.code if exchange else None) == code


def test_an_unknown_exchange_has_the_clock_of_no_place() -> None:
    assert zone_of("TSCO.XYZ") == "UTC"
    assert zone_of("TSCO.LON") == "Europe/London"


def test_a_quote_unit_is_no_currency() -> None:
    assert currency_of("GBX") == ("GBP", 100)
    assert currency_of("EUR") == ("EUR", 1)


@pytest.mark.parametrize(
    ("symbol", "unit"),
    [
        *(("AAPL", "USD"), ("TSCO.LON", "GBX"), ("TSCO.XYZ", None)),
        *(("FX:EUR/JPY", "JPY"), ("CRYPTO:BTC/USDT", "USDT"), ("INDEX:SPX", None)),
    ],
)
def test_a_pair_is_quoted_in_its_second_currency(symbol: str, unit: str | None) -> None:
    assert quote_unit_of(symbol) == unit
