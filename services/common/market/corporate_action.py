"""The CorporateAction event: a split, spin-off or cash dividend, from the producer to the stream.

Ratios are exact fractions of whole numbers and amounts decimal strings, so that no float can round
them. The same facts stand in `corporate_action.schema.json`; a contract test compares the two.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

SCHEMA_VERSION: Final = 1

KINDS: Final = ("split", "spin_off", "dividend")

WHOLE_PATTERN: Final = r"[1-9][0-9]{0,17}"
"""Numerator or denominator of a ratio."""

AMOUNT_PATTERN: Final = r"[0-9]{1,12}(\.[0-9]{1,10})?"

MAX_NUMBER: Final = 99
"""So many more actions of a kind may a symbol have on one day."""


@dataclass(frozen=True)
class CorporateAction:
    """One observation of one action.

    `numerator` / `denominator` is a split's ratio (new shares for old ones) or a spin-off's (price
    before against price after); a dividend has an `amount`, and no ratio. `number` counts the
    actions of a kind on one `ex_date`, from 0. `vendor_value` is the ratio or amount as sent.
    Dates are ISO 8601, empty where the vendor names none. `is_withdrawn`: the vendor no longer
    names the action, and its ratio or amount is left out. Its identity is (symbol, kind,
    ex_date, number); the newest `observed_at` wins.
    """

    symbol: str
    kind: str
    ex_date: str
    number: int
    numerator: str
    denominator: str
    amount: str
    vendor_value: str
    declaration_date: str
    record_date: str
    payment_date: str
    is_withdrawn: bool
    source: str
    observed_at: str
    schema_version: int = SCHEMA_VERSION

    def key(self) -> bytes:
        """Return the Kafka key: all actions of a symbol keep their order."""
        return self.symbol.encode()

    def to_json(self) -> bytes:
        """Return the Kafka value: compact UTF-8 JSON."""
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False).encode()
