"""The simulated market: its sessions, trades, bars and quotes."""
