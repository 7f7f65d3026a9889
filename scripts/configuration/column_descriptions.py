"""The heads of the view files in, what Power BI tells of the columns it shows out (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from powerbi.model.semantic_model import MODEL
from sql.comments import Heads


def column_descriptions(view_files: Iterable[str]) -> str:
    """Return view → column → description, for the columns of the model."""
    heads = Heads(view_files)
    told = {
        table.view: {
            column.name: text
            for column in table.columns
            if (text := heads.column(table.view, column.name))
        }
        for table in MODEL.tables
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"
