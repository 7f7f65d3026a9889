"""How long a certificate has left: its two ends in, a verdict out. What renews it comes earlier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

SOON_SHARE: Final = 0.25
"""Of a life of six days or of ninety; certbot renews at a half and at a third of them."""
SOON_MOST: Final = timedelta(days=14)
"""Of a life of years; a private certificate is renewed a month before its end."""
_SHORT: Final = timedelta(days=30)


@dataclass(frozen=True)
class Lifetime:
    """From when until when a certificate is valid."""

    begin: datetime
    end: datetime

    def ends_soon(self, now: datetime) -> bool:
        """Return whether so little is left that its renewal must have failed."""
        return self.end - now < min((self.end - self.begin) * SOON_SHARE, SOON_MOST)

    def left(self, now: datetime) -> str:
        """Return what is left in words."""
        left, whole = self.end - now, self.end - self.begin
        digits = 1 if whole < _SHORT else 0
        day = timedelta(days=1)
        return f"{left / day:.{digits}f} of {whole / day:.{digits}f} days left"
