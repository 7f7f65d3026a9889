"""Fields, literals and filters in, the JSON that PBIR writes for them out."""

from __future__ import annotations

from powerbi.json_text import Json
from powerbi.report.definitions import Field, Filter

_DAY = 0


def literal(value: str | float | bool) -> dict[str, Json]:
    """Return a literal as formatting holds it: true, 12D, 1L or 'text'."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int):
        text = f"{value}L"
    elif isinstance(value, float):
        text = f"{value:g}D"
    else:
        text = "'" + value.replace("'", "''") + "'"
    return {"expr": {"Literal": {"Value": text}}}


def properties(**values: str | float | bool) -> dict[str, Json]:
    """Return one entry of a formatting object out of plain values."""
    return {"properties": {name: literal(value) for name, value in values.items()}}


def colour(value: str) -> dict[str, Json]:
    """Return a fill of one colour, such as "#118DFF"."""
    return {"solid": {"color": literal(value)}}


def reference(field: Field, source: str = "") -> dict[str, Json]:
    """Return the field as an expression; inside of a filter, `source` is its alias."""
    place: dict[str, Json] = {"Source": source} if source else {"Entity": field.table}
    kind = "Measure" if field.is_measure else "Column"
    return {kind: {"Expression": {"SourceRef": place}, "Property": field.name}}


def is_one_of(field: Field, *values: str | bool) -> Json:
    """Return the condition that the field has one of the values."""
    texts = [literal(value)["expr"] for value in values]
    return _condition(
        field,
        {"In": {"Expressions": [reference(field, "f")], "Values": [[text] for text in texts]}},
    )


def one_of(name: str, field: Field, *values: str | bool) -> Filter:
    """Return a filter on a few values of a column."""
    return Filter(name, field, "Categorical", is_one_of(field, *values))


def last_days(name: str, field: Field, days: int) -> Filter:
    """Return a filter on the last `days` days, today being the last of them."""
    tomorrow: Json = {"DateAdd": {"Expression": {"Now": {}}, "Amount": 1, "TimeUnit": _DAY}}
    begin: Json = {"DateAdd": {"Expression": tomorrow, "Amount": -days, "TimeUnit": _DAY}}
    between: Json = {
        "Expression": reference(field, "f"),
        "LowerBound": {"DateSpan": {"Expression": begin, "TimeUnit": _DAY}},
        "UpperBound": {"DateSpan": {"Expression": {"Now": {}}, "TimeUnit": _DAY}},
    }
    return Filter(name, field, "RelativeDate", _condition(field, {"Between": between}))


def _condition(field: Field, condition: dict[str, Json]) -> Json:
    return {
        "Version": 2,
        "From": [{"Name": "f", "Entity": field.table, "Type": 0}],
        "Where": [{"Condition": condition}],
    }
