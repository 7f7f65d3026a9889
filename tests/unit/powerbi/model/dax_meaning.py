"""What a measure means: its DAX and the rows of its table in, its value for a choice out.

The measure's own text is parsed, by a DAX parser of others; of the language there is what measures
of one table need: filter contexts by column, CALCULATE, variables, aggregates, BLANK. What is not
known here raises, so that no measure passes unread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import pandas as pd
from pbi_parsers import dax
from pbi_parsers.dax import exprs

from powerbi.model.definitions import Table

Value = Any
"""A number, a time, a truth value; None is BLANK."""
Rows = Callable[[pd.DataFrame], "pd.Series[bool]"]


@dataclass(frozen=True)
class Context:
    """A table, and what each column is filtered by."""

    table: Table
    data: pd.DataFrame
    filters: Mapping[str, Rows]
    variables: Mapping[str, Value]

    @property
    def rows(self) -> pd.DataFrame:
        """Return the rows that pass all filters."""
        shown = self.data
        for passes in self.filters.values():
            shown = shown[passes(shown)]
        return shown

    def where(self, column: str, passes: Rows) -> Context:
        """Return the context with this filter in the place of the column's own."""
        return replace(self, filters={**self.filters, column: passes})


def value_of(table: Table, name: str, data: pd.DataFrame, chosen: Mapping[str, Value]) -> Value:
    """Return a measure's value where columns have the chosen values."""
    context = Context(table, data, {}, {})
    for column, wanted in chosen.items():
        context = context.where(column, _equal(column, wanted))
    return _measure(name, context)


def _equal(column: str, wanted: Value) -> Rows:
    return lambda rows: rows[column] == wanted


def _measure(name: str, context: Context) -> Value:
    return _value(_parsed(context.table.measure(name).dax), replace(context, variables={}))


@lru_cache
def _parsed(text: str) -> exprs.Expression:
    parsed = dax.to_ast(text)
    assert parsed is not None, text
    return parsed


def _value(node: exprs.Expression, context: Context) -> Value:  # noqa: PLR0911 - one for each kind
    match node:
        case exprs.ReturnExpression():
            for each in node.variable_statements:
                known = {each.var_name.text: _value(each.statement, context)}
                context = replace(context, variables={**context.variables, **known})
            return _value(node.ret, context)
        case exprs.ParenthesesExpression():
            return _value(node.inner_statement, context)
        case exprs.IdentifierExpression():
            return context.variables[node.name.text]
        case exprs.LiteralNumberExpression():
            return float(node.value.text)
        case exprs.MeasureExpression():
            return _measure(node.name.text.strip("[]"), context)
        case exprs.AddSubUnaryExpression():
            number = _value(node.number, context)
            return -number if node.operator.text == "-" and number is not None else number
        case exprs.LogicalExpression() if node.operator.text == "&&":
            return bool(_value(node.left, context)) and bool(_value(node.right, context))
        case exprs.ComparisonExpression():
            return _compared(node.operator.text, *_pair(node, context))
        case exprs.DivMulExpression() if node.operator.text == "*":
            left, right = _pair(node, context)
            return None if left is None or right is None else left * right
        case exprs.FunctionExpression():
            return _call("".join(part.text for part in node.name_parts), node.args, context)
    raise NotImplementedError(node)


def _pair(
    node: exprs.ComparisonExpression | exprs.DivMulExpression, context: Context
) -> tuple[Value, Value]:
    return _value(node.left, context), _value(node.right, context)


def _compared(operator: str, left: Value, right: Value) -> bool:
    """Compare; beside a number BLANK counts as nought."""
    if left is None and right is None:
        return operator == ">="
    left, right = (0.0 if one is None else one for one in (left, right))
    return bool({">=": left >= right, "<": left < right}[operator])


def _call(name: str, arguments: list[exprs.Expression], context: Context) -> Value:
    if name == "IF":
        condition, then = arguments
        return _value(then, context) if _value(condition, context) else None
    if name == "DIVIDE":
        numerator, denominator = (_value(one, context) for one in arguments)
        return None if numerator is None or not denominator else numerator / denominator
    if name == "CALCULATE":
        inner = context
        for condition in arguments[1:]:
            inner = inner.where(*_filter(condition, context))
        return _value(arguments[0], inner)
    if name == "COUNTROWS":
        [table] = arguments
        assert isinstance(table, exprs.TableExpression | exprs.IdentifierExpression)
        assert table.name.text.strip("'") == context.table.name
        return len(context.rows) or None
    return _aggregate(name, _cells(arguments, context))


def _filter(condition: exprs.Expression, context: Context) -> tuple[str, Rows]:
    """Return what a column is filtered by; the value beside it is that of outside."""
    match condition:
        case exprs.ComparisonExpression() if condition.operator.text == "=":
            column = _column(condition.left, context)
            return column, _equal(column, _value(condition.right, context))
        case exprs.FunctionExpression() if condition.name_parts[0].text == "NOT":
            [inner] = condition.args
            if isinstance(inner, exprs.ParenthesesExpression):
                inner = inner.inner_statement
            assert isinstance(inner, exprs.FunctionExpression)
            assert inner.name_parts[0].text == "ISBLANK"
            column = _column(inner.args[0], context)
            return column, lambda rows: rows[column].notna()
    raise NotImplementedError(condition)


def _column(node: exprs.Expression, context: Context) -> str:
    assert isinstance(node, exprs.ColumnExpression), node
    assert node.table.text.strip("'") == context.table.name
    return context.table.column(node.column.text.strip("[]")).name


def _cells(arguments: list[exprs.Expression], context: Context) -> pd.Series[Any]:
    [column] = arguments
    return context.rows[_column(column, context)]


def _aggregate(name: str, cells: pd.Series[Any]) -> Value:
    if name == "HASONEVALUE":
        return len(cells.unique()) == 1
    known = cells.dropna()
    functions: dict[str, Callable[[], Value]] = {
        "MAX": known.max,
        "MIN": known.min,
        "SUM": known.sum,
        "AVERAGE": known.mean,
    }
    return None if known.empty else functions[name]()
