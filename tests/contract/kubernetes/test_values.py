"""The values of the chart: each is declared, explained and bounded, and a wrong one is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from tests.contract.kubernetes.chart import ALL, CHART, EXTERNAL, SCHEMA, VALUES, helm

WRONG = {"nobody": ["would", "say", "so"]}


def leaves(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and the schema of each value that is no group of values."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if "properties" not in schema:
        yield path, schema
        return
    for name, below in schema["properties"].items():
        yield from leaves(below, (*path, name))


def changed(values: Any, path: tuple[str, ...], value: Any) -> Any:
    """Return the values with another one at the path."""
    if not path:
        return value
    return {**values, path[0]: changed(values.get(path[0], {}), path[1:], value)}


def names(values: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of each value that is given."""
    if not isinstance(values, dict) or not values:
        yield path
        return
    for name, below in values.items():
        yield from names(below, (*path, name))


def problems(values: Any) -> list[str]:
    """Return where the schema finds something wrong."""
    found = jsonschema.Draft202012Validator(SCHEMA).iter_errors(values)
    return ["/".join(map(str, one.absolute_path)) for one in found]


LEAVES = [(path, one) for path, one in leaves(SCHEMA) if path != ("global",)]


def test_the_schema_itself_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_values_that_ship_are_those_of_the_schema() -> None:
    assert problems(VALUES) == []
    assert {*names(VALUES)} == {path for path, _ in LEAVES}


@pytest.mark.parametrize("path", [path for path, _ in LEAVES], ids=".".join)
def test_a_wrong_value_is_told_by_its_name(path: tuple[str, ...]) -> None:
    where = "/".join(path)
    found = problems(changed(VALUES, path, [WRONG]))
    assert found
    assert all(one.startswith(where) for one in found)
    misspelt = (*path[:-1], f"{path[-1]}s2")
    assert problems(changed(VALUES, misspelt, "x")) != []


@pytest.mark.parametrize(("path", "schema"), LEAVES, ids=".".join)
def test_every_value_says_what_it_means(path: tuple[str, ...], schema: Any) -> None:
    amount = path[-1] in {"cpu", "memory", "size"}
    assert amount or schema["description"].endswith("."), path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("kafka", "replicas"), 2),
        (("kafka", "storage", "size"), "20 GB"),
        (("postgres", "mode"), "managed"),
        (("postgres", "external", "port"), 0),
        (("secrets", "passwords"), ""),
        (("simulator", "clock"), "tomorrow"),
        (("simulator", "speed"), 0),
        (("producer", "settings"), {"ALPHA_VANTAGE_KEY": "a key has no place here"}),
        (("producer", "settings"), {"symbols": "AAPL"}),
        (("stream", "settings"), {"POSTGRES_PASSWORD": "nor has a password"}),
        (("dashboard", "clients"), [{"everybody": {}}]),
        (("images", "repository"), "Registry With Blanks"),
    ],
    ids=str,
)
def test_what_no_cluster_could_take_is_refused(path: tuple[str, ...], value: object) -> None:
    assert len(problems(changed(VALUES, path, value))) == 1


@pytest.mark.parametrize(
    ("needs", "missing"),
    [
        (
            ("postgres", "mode", "external"),
            ["postgres/external/host", "postgres/external/authority"],
        ),
        (("alerts", "enabled", True), ["alerts/rules"]),
        (
            ("kafka", "mode", "external"),
            [
                "kafka/external/bootstrap",
                *(f"kafka/external/users/{one}" for one in ("topics", "producer", "stream")),
                "kafka/external/passwords",
            ],
        ),
    ],
)
def test_what_a_choice_needs_must_be_there(
    needs: tuple[str, str, object], missing: list[str]
) -> None:
    assert {*problems(changed(VALUES, needs[:2], needs[2]))} == {*missing}


def test_helm_says_it_in_a_line() -> None:
    done = helm("template", "tapeline", str(CHART), "--set=kafka.replicas=2")
    assert done.returncode != 0
    assert done.stderr.strip().splitlines()[-1] == (
        "- at '/kafka/replicas': value must be one of 1, 3, 5"
    )


def test_helm_finds_nothing_to_complain_of() -> None:
    options = [f"--set={one}" for one in (*EXTERNAL, *ALL)]
    done = helm("lint", "--strict", "--quiet", str(CHART), *options)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
