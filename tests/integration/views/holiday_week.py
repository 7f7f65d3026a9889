"""A Wednesday, a holiday and a half day."""

from __future__ import annotations

from datetime import date

WEDNESDAY, HOLIDAY, FRIDAY = date(2025, 11, 26), date(2025, 11, 27), date(2025, 11, 28)
