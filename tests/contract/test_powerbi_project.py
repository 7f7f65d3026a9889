"""The project before Microsoft's own checks, which run on Linux: report, M, and a DAX parser."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tree_sitter
import tree_sitter_powershell
from jsonschema import Draft7Validator
from pbi_parsers import dax
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from powerbi import folder
from powerbi.kit import Request, kit_files
from powerbi.model.power_query import Address, parameters, partition_source
from powerbi.model.semantic_model import MODEL
from powerbi.model.storage import MODES, Mode, Storage
from powerbi.report import deneb
from scripts.installation.node_packages import node
from scripts.launcher.paths import NODE_PACKAGES

ADDRESS = Address("db.example.org")
FILES = kit_files(Request(ADDRESS))
REPORT_CHECK = NODE_PACKAGES / "node_modules/@microsoft/powerbi-report-authoring-cli/dist/cli.js"
M_CHECK = Path(__file__).with_name("powerquery.mjs")
SCHEMAS = Path(__file__).parents[1] / "fixtures" / "powerbi_schemas"
"""Those that the files name, as github.com/microsoft/json-schemas has them (MIT)."""
_PREFIX = "https://developer.microsoft.com/json-schemas/"


@dataclass(frozen=True)
class Report:
    """What Microsoft's report validator answers: (code, file below the kit, place) of each."""

    result: str
    diagnostics: list[tuple[str, str, str]]


def report_check(kit: Path) -> Report:
    command = [str(node()), str(REPORT_CHECK), "validate", "--no-schema", str(kit)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    data = json.loads(answer.stdout)["data"]
    found = [
        (code, str(Path(item["file"]).relative_to(kit)), item.get("path", ""))
        for code, group in data["diagnostics"].items()
        for item in group["items"]
    ]
    return Report(data["result"], found)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the kit on the disk."""
    kit = tmp_path_factory.mktemp("kit")
    folder.write(kit, FILES)
    return kit


PAGES = "Tapeline.Report/definition/pages"
CANDLES = f"{PAGES}/live/visuals/live_candles/visual.json"
DENEB = f"{PAGES}/live_deneb/visuals/deneb_candles/visual.json"
UNKNOWN_DENEB = ("PBIR_VISUAL_TYPE_UNKNOWN", DENEB, "visual.visualType")


def test_microsoft_finds_nothing_but_that_deneb_is_no_core_visual(good: Path) -> None:
    assert report_check(good) == Report("succeededWithWarnings", [UNKNOWN_DENEB])


@pytest.mark.parametrize(
    ("file", "right", "wrong", "code"),
    [
        (CANDLES, '"barWidth"', '"barWidht"', "PBIR_FORMATTING_PROP_UNKNOWN"),
        (CANDLES, '"Category"', '"Categories"', "PBIR_ROLE_UNKNOWN"),
        (f"{PAGES}/pages.json", '"volatility"', '"volatile"', "PBIR_PAGE_DIR_NOT_IN_ORDER"),
    ],
)
def test_microsoft_would_find_a_slip(
    file: str, right: str, wrong: str, code: str, good: Path, tmp_path: Path
) -> None:
    kit = tmp_path / "kit"
    shutil.copytree(good, kit)
    text = (kit / file).read_text("utf-8")
    assert right in text
    (kit / file).write_text(text.replace(right, wrong), "utf-8")

    report = report_check(kit)
    assert report.result == "failed"
    assert code in {found[0] for found in report.diagnostics}


def m_check(expressions: list[str]) -> list[bool]:
    """Return which of the expressions Microsoft's parser of Power Query reads."""
    answer = subprocess.run(
        [str(node()), str(M_CHECK), str(NODE_PACKAGES)],
        input=json.dumps(expressions),
        capture_output=True,
        text=True,
        check=True,
    )
    return [found["isParsed"] for found in json.loads(answer.stdout)]


def test_every_expression_of_power_query_is_read() -> None:
    storages = [Storage(mode) for mode in MODES]
    sources = [partition_source(table, each) for each in storages for table in MODEL.tables]
    known = [parameter for each in storages for parameter in parameters(ADDRESS, each)]
    expressions = [*sources, *(parameter.expression for parameter in known)]
    assert len({*expressions}) > len(MODEL.tables) + 6
    assert m_check(expressions) == [True] * len(expressions)
    assert m_check([sources[0].replace("in\n", "in in\n"), sources[0][:-8]]) == [False, False]


def is_dax(text: str) -> bool:
    try:
        return dax.to_ast(text) is not None
    except (AssertionError, ValueError):
        return False


def test_every_measure_is_dax() -> None:
    measures = [measure for table in MODEL.tables for measure in table.measures]
    assert [measure.name for measure in measures if not is_dax(measure.dax)] == []
    assert not is_dax("SUM ( 'Volume flow'[volume] ")
    assert not is_dax("IF ( [Close price] >= )")


def violations(path: str, content: object, schema: str) -> list[str]:
    """Return what a file breaks of the schema that it names."""

    def retrieve(uri: str) -> Resource[Any]:
        text = (SCHEMAS / uri.removeprefix(_PREFIX)).read_text("utf-8")
        return Resource.from_contents(json.loads(text), default_specification=DRAFT7)

    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]
    validator = Draft7Validator({"$ref": schema}, registry=registry)
    return [
        f"{path} {error.json_path}: {error.message}" for error in validator.iter_errors(content)
    ]


@pytest.mark.parametrize("mode", MODES)
def test_every_file_keeps_to_the_schema_that_it_names(mode: Mode) -> None:
    contents = {
        path: json.loads(text)
        for path, text in kit_files(Request(ADDRESS, storage=Storage(mode))).items()
        if path.endswith((".json", ".pbip", ".pbir", ".pbism", ".platform"))
    }
    named = {path: content for path, content in contents.items() if "$schema" in content}
    assert len(named) == len(contents) - 1  # all but the theme
    broken = [
        violation
        for path, content in named.items()
        for violation in violations(path, content, content["$schema"])
    ]
    assert broken == []
    page = contents[f"{PAGES}/live/page.json"]
    assert violations("page", {**page, "width": "wide"}, page["$schema"])


def is_powershell(text: str) -> bool:
    language = tree_sitter.Language(tree_sitter_powershell.language())
    return not tree_sitter.Parser(language).parse(text.encode()).root_node.has_error


def test_the_script_for_windows_is_powershell() -> None:
    script = FILES["import-ca.ps1"]
    assert is_powershell(script)
    assert not is_powershell(script.replace("} finally {", " finally {"))


def test_the_pbids_file_keeps_to_its_shape() -> None:
    """Microsoft publishes no schema of it; this is what its pages say."""
    text = {"type": "string", "minLength": 1}
    closed = {"type": "object", "additionalProperties": False}
    address = {**closed, "required": ["server", "database"]}
    address["properties"] = {"server": text, "database": text}
    details = {**closed, "required": ["protocol", "address"]}
    details["properties"] = {"protocol": {"const": "postgresql"}, "address": address}
    connection = {**closed, "required": ["details"]}
    connection["properties"] = {
        "details": details,
        "options": {"const": {}},
        "mode": {"enum": ["DirectQuery", "Import"]},
    }
    shape = {**closed, "required": ["version", "connections"]}
    shape["properties"] = {
        "version": {"const": "0.1"},
        "connections": {"type": "array", "minItems": 1, "maxItems": 1, "items": connection},
    }
    content = json.loads(FILES["Tapeline.pbids"])
    assert [*Draft7Validator(shape).iter_errors(content)] == []
    assert [*Draft7Validator(shape).iter_errors({**content, "password": "x"})]


def test_deneb_is_named_where_it_is_used() -> None:
    report = json.loads(FILES["Tapeline.Report/definition/report.json"])
    visual = json.loads(FILES[DENEB])
    assert report["publicCustomVisuals"] == [visual["visual"]["visualType"]] == [deneb.VISUAL]
    literal = visual["visual"]["objects"]["vega"][0]["properties"]["jsonSpec"]
    text = literal["expr"]["Literal"]["Value"]
    assert json.loads(text[1:-1].replace("''", "'"))["data"] == {"name": "dataset"}
