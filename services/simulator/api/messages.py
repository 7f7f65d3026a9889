"""What a call of the API asks, and the answers that go back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """The parameters of a call; `rapidapi_key` is set if it came in RapidAPI's header."""

    parameters: Mapping[str, str]
    rapidapi_key: str | None = field(default=None, repr=False)

    def get(self, name: str, default: str = "") -> str:
        """Return a parameter."""
        return self.parameters.get(name) or default

    @property
    def key(self) -> str:
        """The caller's key; empty if there is none."""
        return self.rapidapi_key or self.get("apikey")

    @property
    def function(self) -> str:
        """The function that is asked for; empty if none is."""
        return self.get("function")

    @property
    def csv(self) -> bool:
        """Whether the answer shall be CSV."""
        return self.get("datatype", "json") == "csv"


@dataclass(frozen=True)
class Answer:
    """What goes back. `kind` is `data`, or the name of an envelope or fault."""

    kind: str
    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(kind: str, value: object) -> Answer:
    """Return an answer that holds a value as JSON."""
    return Answer(kind, json.dumps(value, indent=4).encode())


def csv_answer(text: str, file_name: str) -> Answer:
    """Return data as a CSV file to be kept under that name."""
    return Answer(
        "data",
        text.encode(),
        content_type="application/x-download",
        headers={"Content-Disposition": f"attachment;filename={file_name}"},
    )
