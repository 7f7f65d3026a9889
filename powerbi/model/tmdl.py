"""A model and an address in, the files of a .SemanticModel folder out (TMDL, tabs, UTF-8)."""

from __future__ import annotations

import re

from powerbi.identity import tag
from powerbi.json_text import json_text
from powerbi.model.definitions import (
    Column,
    Hierarchy,
    Kind,
    Measure,
    Model,
    Relationship,
    Table,
)
from powerbi.model.descriptions import described
from powerbi.model.measures import COUNT, NUMBER, PERCENT, PRICE
from powerbi.model.power_query import Address, Parameter, parameters, partition_source
from powerbi.model.storage import DIRECT_QUERY, Storage

COMPATIBILITY_LEVEL = 1606

_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric"
_DATA_TYPES: dict[Kind, str] = {
    "text": "string",
    "whole": "int64",
    "number": "double",
    "exact": "double",  # a fixed decimal has four places, prices have up to ten
    "percent": "double",
    "volume": "double",
    "timestamp": "dateTime",
    "date": "dateTime",
    "flag": "boolean",
}
_FORMATS: dict[Kind, str] = {
    "text": "",
    "whole": "0",  # years and minutes too; large counts have measures
    "number": NUMBER,
    "exact": PRICE,
    "percent": PERCENT,
    "volume": COUNT,
    "timestamp": "yyyy-mm-dd hh:nn",
    "date": "yyyy-mm-dd",
    "flag": '"TRUE";"TRUE";"FALSE"',
}


def model_files(
    name: str, model: Model, address: Address, storage: Storage = DIRECT_QUERY
) -> dict[str, str]:
    """Return path → text of the semantic model's folder; paths are relative to it."""
    tables = {
        f"definition/tables/{table.name}.tmdl": _table_text(table, storage)
        for table in model.tables
    }
    known = parameters(address, storage)
    related = [
        _relationship_text(each, storage.of(model.table(each.table)) == "directQuery")
        for each in model.relationships
    ]
    return {
        ".platform": platform_text("SemanticModel", name),
        "definition.pbism": json_text(
            {
                "$schema": f"{_SCHEMAS}/item/semanticModel/definitionProperties/1.0.0/schema.json",
                "version": "4.2",
                "settings": {},
            }
        ),
        "definition/database.tmdl": f"database\n\tcompatibilityLevel: {COMPATIBILITY_LEVEL}\n",
        "definition/model.tmdl": _model_text(model, known),
        "definition/expressions.tmdl": "\n".join(map(_parameter_text, known)),
        "definition/relationships.tmdl": "\n".join(related),
        **tables,
    }


def platform_text(kind: str, name: str) -> str:
    """Return the `.platform` file of an item of this kind (SemanticModel or Report)."""
    return json_text(
        {
            "$schema": f"{_SCHEMAS}/gitIntegration/platformProperties/2.0.0/schema.json",
            "metadata": {"type": kind, "displayName": name},
            "config": {"version": "2.0", "logicalId": tag("item", kind, name)},
        }
    )


def quoted(name: str) -> str:
    """Return a TMDL name, in quotes where it needs them."""
    if re.fullmatch(r"\w+", name):
        return name
    return "'" + name.replace("'", "''") + "'"


def text_value(value: str) -> str:
    """Return a property's text; quotes around it would be taken for delimiters, so it gets some."""
    return '"' + value.replace('"', '""') + '"' if '"' in value else value


def _parameter_text(parameter: Parameter) -> str:
    return (
        f"expression {parameter.name} = {parameter.expression}\n"
        f"\tlineageTag: {tag('expression', parameter.name)}\n\n"
        f"\tannotation PBI_ResultType = {parameter.kind}\n"
    )


def _model_text(model: Model, known: list[Parameter]) -> str:
    lines = [
        "model Model",
        "\tculture: en-US",
        "\tdefaultPowerBIDataSourceVersion: powerBI_V3",
        "\tdiscourageImplicitMeasures",
        "\tsourceQueryCulture: en-US",
        "\tdataAccessOptions",
        "\t\tlegacyRedirects",
        "\t\treturnErrorValuesAsNull",
        "",
        "\tannotation __PBI_TimeIntelligenceEnabled = 0",
        "",
        *(f"ref expression {parameter.name}" for parameter in known),
        "",
        *(f"ref table {quoted(table.name)}" for table in model.tables),
    ]
    return "\n".join(lines) + "\n"


def _table_text(table: Table, storage: Storage) -> str:
    parts = [
        f"/// {table.grain}\ntable {quoted(table.name)}\n\tlineageTag: {tag('table', table.name)}\n"
        + ("\tdataCategory: Time\n" if table.is_calendar else ""),
        *([_refresh_policy_text(table, storage)] if storage.has_history(table) else []),
        *(_measure_text(table, measure) for measure in table.measures),
        *(_column_text(table, column) for column in table.columns),
        *(_hierarchy_text(table, hierarchy) for hierarchy in table.hierarchies),
        f"\tpartition {quoted(table.name)} = m\n\t\tmode: {storage.of(table)}\n\t\tsource =\n"
        + _indented(partition_source(table, storage), 4),
    ]
    return "\n".join(parts)


def _refresh_policy_text(table: Table, storage: Storage) -> str:
    """Return what makes the service import the months that are over, and ask for the newest one."""
    return (
        "\trefreshPolicy\n"
        "\t\tpolicyType: basic\n"
        "\t\tmode: hybrid\n"
        "\t\trollingWindowGranularity: month\n"
        f"\t\trollingWindowPeriods: {storage.history_months}\n"
        "\t\tincrementalGranularity: month\n"
        "\t\tincrementalPeriods: 1\n"
        "\t\tincrementalPeriodsOffset: -1\n"
        "\t\tsourceExpression =\n" + _indented(partition_source(table, storage), 4)
    )


def _measure_text(table: Table, measure: Measure) -> str:
    written = f" {measure.dax}\n" if "\n" not in measure.dax else "\n" + _indented(measure.dax, 3)
    form, form_of_value = f"\t\tformatString: {text_value(measure.format_string)}\n", ""
    if measure.format_dax:
        # In the place of the other; an expression comes last.
        definition = "\n\t\tformatStringDefinition =\n" + _indented(measure.format_dax, 4)
        form, form_of_value = "", definition
    return (
        f"\t/// {measure.description}\n"
        f"\tmeasure {quoted(measure.name)} ={written}"
        f"{form}"
        f"\t\tdisplayFolder: {measure.folder}\n"
        f"\t\tlineageTag: {tag('measure', table.name, measure.name)}\n"
        f"{form_of_value}"
    )


def _hierarchy_text(table: Table, hierarchy: Hierarchy) -> str:
    levels = (
        f"\n\t\tlevel {quoted(column)}\n"
        f"\t\t\tlineageTag: {tag('level', table.name, hierarchy.name, column)}\n"
        f"\t\t\tcolumn: {quoted(column)}\n"
        for column in hierarchy.columns
    )
    return (
        f"\t/// {hierarchy.description}\n"
        f"\thierarchy {quoted(hierarchy.name)}\n"
        f"\t\tlineageTag: {tag('hierarchy', table.name, hierarchy.name)}\n" + "".join(levels)
    )


def _column_text(table: Table, column: Column) -> str:
    format_string = _FORMATS[column.kind]
    told = described(table.view, column.name)
    folder = table.folder(column)
    lines = [
        *([f"\t/// {told}"] if told else []),
        f"\tcolumn {quoted(column.name)}",
        f"\t\tdataType: {_DATA_TYPES[column.kind]}",
        *(["\t\tisHidden"] if column.is_hidden else []),
        *(["\t\tisKey"] if column.is_key else []),
        *([f"\t\tformatString: {text_value(format_string)}"] if format_string else []),
        *([f"\t\tdisplayFolder: {folder}"] if folder else []),
        f"\t\tlineageTag: {tag('column', table.name, column.name)}",
        "\t\tsummarizeBy: none",
        f"\t\tsourceColumn: {column.name}",
        *([f"\t\tsortByColumn: {quoted(column.sort_by)}"] if column.sort_by else []),
        "",
        "\t\tannotation SummarizationSetBy = User",
    ]
    return "\n".join(lines) + "\n"


def _relationship_text(relationship: Relationship, is_asked: bool) -> str:
    """Write a relationship; only the join of a table that is asked for relies on a match."""
    path = (relationship.table, relationship.column, relationship.to_table)
    relies = "\trelyOnReferentialIntegrity\n" if is_asked and relationship.always_matches else ""
    return (
        f"relationship {tag('relationship', *path)}\n"
        f"{relies}"
        f"\tfromColumn: {quoted(relationship.table)}.{quoted(relationship.column)}\n"
        f"\ttoColumn: {quoted(relationship.to_table)}.{quoted(relationship.to_column)}\n"
    )


def _indented(text: str, tabs: int) -> str:
    return "".join("\t" * tabs + line + "\n" for line in text.split("\n"))
