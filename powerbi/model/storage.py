"""How a model holds its tables: asked for each visual, imported, or both.

In `directquery` every visual asks the database. In `import` Power BI holds the last days of each
table. In `hybrid` the tables with a history are imported month by month, and the newest month is
asked for; what they are filtered by is held and asked for alike (dual), so that each finds it in
its own place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from powerbi.model.definitions import AS_TRADED, PRICE_BASIS, Table

Mode = Literal["directquery", "import", "hybrid"]
MODES: Final[tuple[Mode, ...]] = ("directquery", "import", "hybrid")
PartitionMode = Literal["directQuery", "import", "dual"]

DATE: Final = "session_date"


@dataclass(frozen=True)
class Storage:
    """The mode, and how much is imported: so many days, in `hybrid` so many months."""

    mode: Mode = "directquery"
    import_days: int = 30
    history_months: int = 24

    def of(self, table: Table) -> PartitionMode:
        """Return the mode of a table's partition."""
        if self.mode == "import" or self.has_history(table):
            return "import"
        return "dual" if self.mode == "hybrid" and table.is_dimension else "directQuery"

    def has_history(self, table: Table) -> bool:
        """Return whether months of the table are imported, and its newest one is asked for."""
        return self.mode == "hybrid" and table.keeps_history

    def is_recent(self, table: Table) -> bool:
        """Return whether the last days of the table are imported alone."""
        return self.mode == "import" and table.is_by_session

    @property
    def price_basis(self) -> str:
        """Return the basis of a new kit.

        A split changes the adjusted prices of all months before, which are not imported again.
        """
        return AS_TRADED if self.mode == "hybrid" else PRICE_BASIS


DIRECT_QUERY: Final = Storage()
