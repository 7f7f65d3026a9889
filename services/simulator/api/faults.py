"""Which calls go wrong, and how: by seeded chance, the next ones in a given order, or all of a
symbol."""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Final

from services.simulator.api import envelopes

WIRE: Final = ("hang", "drip", "truncated", "html", "empty", "reset")
"""Faults of the connection or the body."""

SHORT: Final = "short"
"""A well-formed answer that holds only the newest bars of those that were asked for."""

OLD_SHAPE: Final = "old_shape"
"""Days of a digital currency in the shape that they had until 2023; other answers are right."""

NAMES: Final = ("429", "429_until", "500", "redirect", SHORT, OLD_SHAPE, *WIRE, *envelopes.KINDS)
"""Every fault by its name."""

NO_FAULT: Final = "none"
"""In a list of faults: let this call pass."""


class Faults:
    """Chooses the fault of each call and counts what it chose. Safe to use from many threads."""

    def __init__(self, seed: int, probabilities: Mapping[str, float]) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - a chance that can be repeated
        self._probabilities = check_probabilities(probabilities)
        self._next: deque[str] = deque()
        self._symbols: dict[str, str] = {}
        self._served: Counter[str] = Counter()

    def choose(self, symbol: str = "") -> str | None:
        """Return the fault of the next call, which asks for a symbol, or None."""
        with self._lock:
            if symbol in self._symbols:
                self._served[self._symbols[symbol]] += 1
                return self._symbols[symbol]
            # Listed calls draw too, so that a list does not shift the chances after it.
            drawn = self._drawn()
            fault = self._next.popleft() if self._next else drawn
            if fault in (None, NO_FAULT):
                return None
            self._served[fault] += 1
            return fault

    def set(
        self,
        probabilities: Mapping[str, float] | None = None,
        following: Sequence[str] | None = None,
        symbols: Mapping[str, str] | None = None,
    ) -> None:
        """Replace the probabilities, the list of the next faults, or those of symbols; what is
        None stays. Raises ValueError."""
        checked = None if probabilities is None else check_probabilities(probabilities)
        for name in following or ():
            if name != NO_FAULT:
                _check_name(name)
        for name in (symbols or {}).values():
            _check_name(name)
        with self._lock:
            if symbols is not None:
                self._symbols = dict(symbols)
            if checked is not None:
                self._probabilities = checked
            if following is not None:
                self._next = deque(following)

    def state(self) -> dict[str, object]:
        """Return what is set, and how often each fault was served."""
        with self._lock:
            return {
                "probabilities": dict(self._probabilities),
                "next": list(self._next),
                "symbols": dict(self._symbols),
                "served": dict(self._served),
            }

    def _drawn(self) -> str | None:
        left = self._random.random()
        for name, probability in self._probabilities.items():
            left -= probability
            if left < 0:
                return name
        return None


def parse_probabilities(words: Sequence[str]) -> dict[str, float]:
    """Return the probabilities that words such as `hang:0.01` give. Raises ValueError."""
    probabilities = {}
    for word in words:
        name, _, number = word.partition(":")
        try:
            probabilities[name] = float(number)
        except ValueError:
            raise ValueError(f"{word!r} is not of the form NAME:PROBABILITY") from None
    return check_probabilities(probabilities)


def check_probabilities(probabilities: Mapping[str, float]) -> dict[str, float]:
    """Return a copy; raises ValueError if a name is unknown or they do not fit in 0 to 1."""
    for name, probability in probabilities.items():
        _check_name(name)
        if not 0 <= probability <= 1:
            raise ValueError(f"the probability of {name} is {probability}, not from 0 to 1")
    if sum(probabilities.values()) > 1 + 1e-9:
        raise ValueError("the probabilities add up to more than 1")
    return dict(probabilities)


def _check_name(name: str) -> None:
    if name not in NAMES:
        raise ValueError(f"{name!r} is no fault; the faults are {', '.join(NAMES)}")
