"""Candles in the views, by the clock and from the open."""
