"""A model and an address in, the files of a .SemanticModel folder out (TMDL, tabs, UTF-8).

The host stands in one place, the parameter PgHost, and no password stands anywhere. Each table
reads its view as it is, so that Power BI folds every step into one query.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from powerbi.identity import tag
from powerbi.json_text import json_text
from powerbi.model.definitions import (
    AS_TRADED,
    PRICE_BASES,
    PRICE_BASIS,
    Column,
    Kind,
    Measure,
    Model,
    Relationship,
    Table,
)

COMPATIBILITY_LEVEL = 1606
COMMAND_SECONDS = 30
"""How long Power BI waits for one answer."""

_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric"
_DATA_TYPES: dict[Kind, str] = {
    "text": "string",
    "whole": "int64",
    "number": "double",
    "timestamp": "dateTime",
    "date": "dateTime",
    "flag": "boolean",
}
_FORMATS: dict[Kind, str] = {
    "text": "",
    "whole": "0",  # years and minutes too; large counts have measures
    "number": "#,##0.00",
    "timestamp": "yyyy-mm-dd hh:nn",
    "date": "yyyy-mm-dd",
    "flag": '"TRUE";"TRUE";"FALSE"',
}


@dataclass(frozen=True)
class Address:
    """Where PostgreSQL is, as Power BI is told: the host must be in its certificate."""

    host: str
    port: int = 5432
    database: str = "market"

    @property
    def server(self) -> str:
        """Return `host:port`, which is the form that PostgreSQL.Database takes."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def model_files(name: str, model: Model, address: Address) -> dict[str, str]:
    """Return path → text of the semantic model's folder; paths are relative to it."""
    tables = {f"definition/tables/{table.name}.tmdl": _table_text(table) for table in model.tables}
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
        "definition/model.tmdl": _model_text(model),
        "definition/expressions.tmdl": _parameters_text(address),
        "definition/relationships.tmdl": "\n".join(map(_relationship_text, model.relationships)),
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


def partition_source(table: Table) -> str:
    """Return the M expression that reads the table's view, of the price basis that is chosen."""
    timeout = f"CommandTimeout = #duration(0, 0, 0, {COMMAND_SECONDS})"
    options = f"[CreateNavigationProperties = false, {timeout}]"
    view, item = "", f'"{table.view}"'
    if table.on_each_basis:
        adjusted = f'"{table.view}_" & PriceBasis'
        view = f'\tView = if PriceBasis = "{AS_TRADED}" then {item} else {adjusted},\n'
        item = "View"
    return (
        "let\n"
        f"\tSource = PostgreSQL.Database(PgHost, PgDatabase, {options}),\n"
        f"{view}"
        f'\tData = Source{{[Schema = "bi", Item = {item}]}}[Data]\n'
        "in\n"
        "\tData"
    )


def parameters(address: Address) -> dict[str, str]:
    """Return name → M expression of the parameters."""
    required = 'Type = "Text", IsParameterQueryRequired = true'
    meta = f"meta [IsParameterQuery = true, {required}]"
    bases = ", ".join(f'"{basis}"' for basis in PRICE_BASES)
    choice = f'List = {{{bases}}}, DefaultValue = "{PRICE_BASIS}"'
    return {
        "PgHost": f'"{address.server}" {meta}',
        "PgDatabase": f'"{address.database}" {meta}',
        "PriceBasis": f'"{PRICE_BASIS}" meta [IsParameterQuery = true, {choice}, {required}]',
    }


def quoted(name: str) -> str:
    """Return a TMDL name, in quotes where it needs them."""
    if re.fullmatch(r"\w+", name):
        return name
    return "'" + name.replace("'", "''") + "'"


def text_value(value: str) -> str:
    """Return a property's text; quotes around it would be taken for delimiters, so it gets some."""
    return '"' + value.replace('"', '""') + '"' if '"' in value else value


def _parameters_text(address: Address) -> str:
    return "\n".join(
        f"expression {name} = {expression}\n"
        f"\tlineageTag: {tag('expression', name)}\n\n"
        "\tannotation PBI_ResultType = Text\n"
        for name, expression in parameters(address).items()
    )


def _model_text(model: Model) -> str:
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
        "ref expression PgHost",
        "ref expression PgDatabase",
        "ref expression PriceBasis",
        "",
        *(f"ref table {quoted(table.name)}" for table in model.tables),
    ]
    return "\n".join(lines) + "\n"


def _table_text(table: Table) -> str:
    parts = [
        f"/// {table.grain}\ntable {quoted(table.name)}\n\tlineageTag: {tag('table', table.name)}\n"
        + ("\tdataCategory: Time\n" if table.is_calendar else ""),
        *(_measure_text(table, measure) for measure in table.measures),
        *(_column_text(table, column) for column in table.columns),
        f"\tpartition {quoted(table.name)} = m\n\t\tmode: directQuery\n\t\tsource =\n"
        + _indented(partition_source(table), 4),
    ]
    return "\n".join(parts)


def _measure_text(table: Table, measure: Measure) -> str:
    described = f"\t/// {measure.description}\n" if measure.description else ""
    expression = (
        f" {measure.dax}\n" if "\n" not in measure.dax else "\n" + _indented(measure.dax, 3)
    )
    return (
        f"{described}\tmeasure {quoted(measure.name)} ={expression}"
        f"\t\tformatString: {text_value(measure.format_string)}\n"
        f"\t\tlineageTag: {tag('measure', table.name, measure.name)}\n"
    )


def _column_text(table: Table, column: Column) -> str:
    format_string = _FORMATS[column.kind]
    lines = [
        f"\tcolumn {quoted(column.name)}",
        f"\t\tdataType: {_DATA_TYPES[column.kind]}",
        *(["\t\tisHidden"] if column.is_hidden else []),
        *(["\t\tisKey"] if column.is_key else []),
        *([f"\t\tformatString: {text_value(format_string)}"] if format_string else []),
        f"\t\tlineageTag: {tag('column', table.name, column.name)}",
        "\t\tsummarizeBy: none",
        f"\t\tsourceColumn: {column.name}",
        *([f"\t\tsortByColumn: {quoted(column.sort_by)}"] if column.sort_by else []),
        "",
        "\t\tannotation SummarizationSetBy = User",
    ]
    return "\n".join(lines) + "\n"


def _relationship_text(relationship: Relationship) -> str:
    path = (relationship.table, relationship.column, relationship.to_table)
    return (
        f"relationship {tag('relationship', *path)}\n"
        f"\tfromColumn: {quoted(relationship.table)}.{quoted(relationship.column)}\n"
        f"\ttoColumn: {quoted(relationship.to_table)}.{quoted(relationship.to_column)}\n"
    )


def _indented(text: str, tabs: int) -> str:
    return "".join("\t" * tabs + line + "\n" for line in text.split("\n"))
