"""An address and a table in, the M (Power Query) that reads its view out.

The host stands in one place, the parameter PgHost, and no password stands anywhere. Each table
reads its view as it is, so that Power BI folds every step into one query; where it imports, what
bounds the rows are constants, which fold too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from powerbi.model.definitions import AS_TRADED, PRICE_BASES, Table
from powerbi.model.storage import DATE, DIRECT_QUERY, Storage

COMMAND_SECONDS: Final = {"directquery": 30, "import": 60, "hybrid": 60}
"""How long Power BI waits for one answer; the server ends what takes longer than 60."""

_RANGE: Final = {
    "RangeStart": "#datetime(2026, 11, 1, 0, 0, 0)",
    "RangeEnd": "#datetime(2026, 12, 1, 0, 0, 0)",
}
"""What Power BI Desktop loads of a history; the service puts each month in their place."""


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


@dataclass(frozen=True)
class Parameter:
    """A parameter of the model, which *Edit parameters* shows."""

    name: str
    value: str
    kind: str
    choice: Sequence[str] = ()

    @property
    def expression(self) -> str:
        """Return its M expression."""
        required = f'Type = "{self.kind}", IsParameterQueryRequired = true'
        listed = ", ".join(self.choice)
        choice = f"List = {{{listed}}}, DefaultValue = {self.value}, " if self.choice else ""
        return f"{self.value} meta [IsParameterQuery = true, {choice}{required}]"


def parameters(address: Address, storage: Storage = DIRECT_QUERY) -> list[Parameter]:
    """Return the parameters that the tables of a storage read."""
    bases = [f'"{basis}"' for basis in PRICE_BASES]
    found = [
        Parameter("PgHost", f'"{address.server}"', "Text"),
        Parameter("PgDatabase", f'"{address.database}"', "Text"),
        Parameter("PriceBasis", f'"{storage.price_basis}"', "Text", bases),
    ]
    if storage.mode == "import":
        found.append(Parameter("ImportDays", str(storage.import_days), "Number"))
    if storage.mode == "hybrid":
        found += [Parameter(name, value, "DateTime") for name, value in _RANGE.items()]
    return found


def partition_source(table: Table, storage: Storage = DIRECT_QUERY) -> str:
    """Return the M expression that reads the table's view, of the price basis that is chosen."""
    timeout = f"CommandTimeout = #duration(0, 0, 0, {COMMAND_SECONDS[storage.mode]})"
    options = f"[CreateNavigationProperties = false, {timeout}]"
    steps = {"Source": f"PostgreSQL.Database(PgHost, PgDatabase, {options})"}
    item = f'"{table.view}"'
    if table.on_each_basis:
        adjusted = f'"{table.view}_" & PriceBasis'
        steps["View"] = f'if PriceBasis = "{AS_TRADED}" then {item} else {adjusted}'
        item = "View"
    steps["Data"] = f'Source{{[Schema = "bi", Item = {item}]}}[Data]'
    steps |= _bounds(table, storage)
    written = ",\n".join(f"\t{name} = {step}" for name, step in steps.items())
    return f"let\n{written}\nin\n\t{[*steps][-1]}"


def _bounds(table: Table, storage: Storage) -> dict[str, str]:
    """Return the steps that leave the rows to import; whole sessions, none twice."""
    if storage.is_recent(table):
        return {
            "From": "Date.AddDays(Date.From(DateTimeZone.UtcNow()), -ImportDays)",
            "Recent": f"Table.SelectRows(Data, each [{DATE}] >= From)",
        }
    if storage.has_history(table):
        return {
            "From": "DateTime.Date(RangeStart)",
            "Until": "DateTime.Date(RangeEnd)",
            "Month": f"Table.SelectRows(Data, each [{DATE}] >= From and [{DATE}] < Until)",
        }
    return {}
