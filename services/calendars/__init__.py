"""The trading days of exchanges, for every service that must know them."""
