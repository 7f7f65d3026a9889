"""What a report is made of: pages of visuals over fields of a model. Pure values.

Formatting stays JSON as PBIR has it, built by `powerbi.report.expressions`; Microsoft's own
catalogue of visuals checks it in the tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from powerbi.json_text import Json
from powerbi.model.definitions import Model, ModelError

PAGE_WIDTH = 1280
PAGE_HEIGHT = 720

Objects = Mapping[str, Sequence[Mapping[str, Json]]]


@dataclass(frozen=True)
class Field:
    """A column or a measure of a table of the model."""

    table: str
    name: str
    is_measure: bool = False

    @property
    def query_ref(self) -> str:
        """Return the name by which formatting refers to the field."""
        return f"{self.table}.{self.name}"


@dataclass(frozen=True)
class Place:
    """Where a visual stands on its page, in pixels."""

    x: int
    y: int
    width: int
    height: int


UPPER = Place(16, 96, 1248, 340)
LOWER = Place(16, 448, 1248, 256)
LOWER_LEFT = Place(16, 448, 840, 256)
WHOLE = Place(16, 96, 840, 608)
"""Where the visuals of most pages stand, below the lists."""


@dataclass(frozen=True)
class Sort:
    """By which field a visual orders its rows."""

    by: Field
    direction: Literal["Ascending", "Descending"] = "Ascending"


@dataclass(frozen=True)
class Filter:
    """A condition on one field, as JSON of PBIR (see `powerbi.report.expressions`)."""

    name: str
    on: Field
    kind: Literal["Categorical", "RelativeDate"]
    condition: Json


@dataclass(frozen=True)
class Visual:
    """One visual: `roles` says which fields go where, `sync` joins slicers of several pages.

    The alternative text is what a screen reader says of it.
    """

    name: str
    kind: str
    place: Place
    roles: Mapping[str, Sequence[Field]]
    alt_text: str
    title: str = ""
    objects: Objects = field(default_factory=dict)
    sort: Sort | None = None
    filters: Sequence[Filter] = ()
    sync: str = ""


@dataclass(frozen=True)
class Page:
    """One page, asking the database again every `refresh_seconds`, or not by itself."""

    name: str
    title: str
    visuals: Sequence[Visual]
    filters: Sequence[Filter] = ()
    refresh_seconds: int | None = None


@dataclass(frozen=True)
class Report:
    """All pages in their order, and the visuals from AppSource that they use."""

    pages: Sequence[Page]
    custom_visuals: Sequence[str] = ()


def fields_used(report: Report) -> Iterator[tuple[str, Field]]:
    """Yield (where, field) for every field that a visual shows, sorts by, filters or formats by."""
    for page in report.pages:
        for condition in page.filters:
            yield f"{page.name}, filter {condition.name}", condition.on
        for visual in page.visuals:
            where = f"{page.name}/{visual.name}"
            yield from ((where, item) for item in fields_in_visual(visual))
            yield from ((where, condition.on) for condition in visual.filters)


def fields_in_visual(visual: Visual) -> Iterator[Field]:
    """Yield the fields that a visual asks for: those it shows, sorts by and formats by."""
    for shown in visual.roles.values():
        yield from shown
    if visual.sort:
        yield visual.sort.by
    yield from _fields_in(visual.objects)


def require_known(report: Report, model: Model) -> None:
    """Raise ModelError for a field that the model lacks, or has as the other kind."""
    for where, item in fields_used(report):
        table = model.table(item.table)
        try:
            if item.is_measure:
                table.measure(item.name)
            else:
                table.column(item.name)
        except ModelError as error:
            raise ModelError(f"{where}: {error}") from None


def _fields_in(value: object) -> Iterator[Field]:
    """Yield the fields that formatting refers to: {"Measure": {"Expression": …, "Property": …}}."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in ("Measure", "Column") and isinstance(inner, Mapping) and "Property" in inner:
                entity = inner["Expression"]["SourceRef"].get("Entity")
                if entity is not None:
                    yield Field(entity, inner["Property"], key == "Measure")
            yield from _fields_in(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from _fields_in(inner)
