""".env.example names every setting that a service reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sql.migrate import LOGIN_ROLES

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / ".env.example"
READERS = {"text", "integer", "number", "choice", "flag", "words", "path", "secret"}
SOURCES = sorted(
    [
        *ROOT.glob("services/*/settings.py"),
        *ROOT.glob("services/*/main.py"),
        ROOT / "sql" / "migrate.py",
    ]
)


def read_names(source: str) -> Iterator[str]:
    """Yield the variables that the source reads through an Environment; secrets with their file."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in READERS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in ("env", "environment")
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            name = str(node.args[0].value)
            yield name
            if node.func.attr == "secret":
                yield f"{name}_FILE"


def wanted() -> dict[str, set[str]]:
    """Return each variable with the files that read it."""
    names: dict[str, set[str]] = {}
    for file in SOURCES:
        for name in read_names(file.read_text("utf-8")):
            names.setdefault(name, set()).add(str(file.relative_to(ROOT)))
    # The only names that are built rather than written: a password for each role.
    for role in LOGIN_ROLES:
        for name in (f"{role.upper()}_PASSWORD", f"{role.upper()}_PASSWORD_FILE"):
            names.setdefault(name, set()).add("sql/migrate.py")
    return names


def test_the_names_are_found_in_the_sources() -> None:
    source = 'def f(env):\n    env.text("A", "")\n    env.secret("B")\n    env.get("C")\n'
    assert list(read_names(source)) == ["A", "B", "B_FILE"]
    assert {"KAFKA_BOOTSTRAP", "POSTGRES_PASSWORD_FILE", "ALPHA_VANTAGE_KEY"} <= wanted().keys()


@pytest.mark.parametrize("name", sorted(wanted()))
def test_every_setting_stands_in_the_example(name: str) -> None:
    text = EXAMPLE.read_text("utf-8")
    assert re.search(rf"^#? ?{name}=", text, re.MULTILINE), (
        f"{name}, read by {', '.join(sorted(wanted()[name]))}, is missing in .env.example"
    )
