"""The currencies and indices that the simulated market has, with the vendor's names for them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

PHYSICAL: Final = MappingProxyType(
    {
        "AUD": "Australian Dollar",
        "BRL": "Brazilian Real",
        "CAD": "Canadian Dollar",
        "CHF": "Swiss Franc",
        "CNY": "Chinese Yuan",
        "CZK": "Czech Republic Koruna",
        "DKK": "Danish Krone",
        "EUR": "Euro",
        "GBP": "British Pound Sterling",
        "HKD": "Hong Kong Dollar",
        "HUF": "Hungarian Forint",
        "ILS": "Israeli New Sheqel",
        "INR": "Indian Rupee",
        "JPY": "Japanese Yen",
        "KRW": "South Korean Won",
        "MXN": "Mexican Peso",
        "NOK": "Norwegian Krone",
        "NZD": "New Zealand Dollar",
        "PLN": "Polish Zloty",
        "SEK": "Swedish Krona",
        "SGD": "Singapore Dollar",
        "THB": "Thai Baht",
        "TRY": "Turkish Lira",
        "USD": "United States Dollar",
        "ZAR": "South African Rand",
    }
)
DIGITAL: Final = MappingProxyType(
    {
        "ADA": "Cardano",
        "BCH": "Bitcoin-Cash",
        "BTC": "Bitcoin",
        "DOGE": "DogeCoin",
        "ETH": "Ethereum",
        "LTC": "Litecoin",
        "SOL": "Solana",
        "XRP": "Ripples",
    }
)
INDICES: Final = MappingProxyType(
    {
        "COMP": "Nasdaq Composite",
        "DJI": "Dow Jones Industrial Average",
        "NDX": "Nasdaq 100",
        "RUT": "Russell 2000",
        "SPX": "S&P 500",
        "VIX": "CBOE Volatility Index",
    }
)
