"""What a measure means: its DAX and the rows of its tables in, its value for a choice out.

The measure's own text is parsed, by a DAX parser of others; of the language there is what the
measures need: filter contexts by column, CALCULATE, variables, aggregates, sums over rows, BLANK.
Tables are related by TREATAS alone. What is not known raises, so that no measure passes unread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pandas as pd
from pbi_parsers import dax
from pbi_parsers.dax import exprs

from powerbi.model.definitions import Measure, Model
from tests.unit.powerbi.model.dax_context import Column, Context, Passes, Value


def value_of(
    model: Model,
    table: str,
    measure: Measure,
    data: Mapping[str, pd.DataFrame],
    chosen: Mapping[str, Value],
) -> Value:
    """Return a measure's value where columns of its table have the chosen values."""
    return _value(_parsed(measure.dax), _choice(model, table, data, chosen))


def format_of(
    model: Model, table: str, measure: Measure, data: Mapping[str, pd.DataFrame]
) -> Value:
    """Return the format of a measure's value over all rows."""
    return _value(_parsed(measure.format_dax), _choice(model, table, data, {}))


def _choice(
    model: Model, table: str, data: Mapping[str, pd.DataFrame], chosen: Mapping[str, Value]
) -> Context:
    context = Context(model, data, {}, {})
    for column, wanted in chosen.items():
        context = context.where((table, column), _equal(wanted))
    return context


def _equal(wanted: Value) -> Passes:
    return lambda cells: cells == wanted


def _is_in(values: pd.Series[Any]) -> Passes:
    return lambda cells: cells.isin(values.tolist())


def _measure(name: str, context: Context) -> Value:
    [measure] = [
        each for table in context.model.tables for each in table.measures if each.name == name
    ]
    return _value(_parsed(measure.dax), replace(context, variables={}))


@lru_cache
def _parsed(text: str) -> exprs.Expression:
    parsed = dax.to_ast(text)
    assert parsed is not None, text
    return parsed


def _value(node: exprs.Expression, context: Context) -> Value:  # noqa: PLR0911, PLR0912 - one for each kind
    if isinstance(node, exprs.ParenthesesExpression):
        return _value(node.inner_statement, context)
    match node:
        case exprs.ReturnExpression():
            for each in node.variable_statements:
                known = {each.var_name.text: _value(each.statement, context)}
                context = replace(context, variables={**context.variables, **known})
            return _value(node.ret, context)
        case exprs.IdentifierExpression():
            return context.variables[node.name.text]
        case exprs.LiteralNumberExpression():
            return float(node.value.text)
        case exprs.LiteralStringExpression():
            return node.value.text.strip('"')
        case exprs.MeasureExpression():
            return _measure(node.name.text.strip("[]"), context)
        case exprs.ColumnExpression():
            assert context.row is not None, node
            return context.row[_column(node, context)[1]]
        case exprs.AddSubUnaryExpression():
            number = _value(node.number, context)
            return -number if node.operator.text == "-" and number is not None else number
        case exprs.LogicalExpression() if node.operator.text == "&&":
            return bool(_value(node.left, context)) and bool(_value(node.right, context))
        case exprs.ComparisonExpression():
            left, right = _value(node.left, context), _value(node.right, context)
            return _compared(node.operator.text, left, right)
        case exprs.DivMulExpression() | exprs.AddSubExpression():
            left, right = _value(node.left, context), _value(node.right, context)
            return _calculated(node.operator.text, left, right)
        case exprs.FunctionExpression():
            return _call("".join(part.text for part in node.name_parts), node.args, context)
    raise NotImplementedError(node)


def _calculated(operator: str, left: Value, right: Value) -> Value:
    """Calculate; BLANK counts as nought, and a product of it or sum of two is BLANK."""
    if operator in "*/":
        if left is None or (right is None and operator == "*"):
            return None
        return left * right if operator == "*" else left / right
    if left is None and right is None:
        return None
    left, right = (0.0 if one is None else one for one in (left, right))
    return left + right if operator == "+" else left - right


def _compared(operator: str, left: Value, right: Value) -> bool:
    """Compare; beside a number BLANK counts as nought."""
    if left is None and right is None:
        return operator in (">=", "=")
    left, right = (0.0 if one is None else one for one in (left, right))
    compared = {">=": left >= right, ">": left > right, "<": left < right, "=": left == right}
    return bool(compared[operator])


def _call(name: str, arguments: list[exprs.Expression], context: Context) -> Value:  # noqa: PLR0911
    if name == "IF":
        condition, then, *otherwise = arguments
        if _value(condition, context):
            return _value(then, context)
        return _value(otherwise[0], context) if otherwise else None
    if name == "DIVIDE":
        numerator, denominator = (_value(one, context) for one in arguments)
        return None if numerator is None or not denominator else numerator / denominator
    if name == "CALCULATE":
        inner = context
        for condition in arguments[1:]:
            inner = _filtered(inner, condition, context)
        return _value(arguments[0], inner)
    if name == "COUNTROWS":
        return len(context.rows(_table(arguments[0]))) or None
    if name == "SUMX":
        of, each = arguments
        table = context.rows(_table(of)).astype(object)
        found = [_value(each, replace(context, row=row)) for row in _known(table)]
        added = [value for value in found if value is not None]
        return sum(added) if added else None
    if name in ("ABS", "LN"):
        number = _value(arguments[0], context) or 0.0
        return abs(number) if name == "ABS" else math.log(number)
    if name == "TRUE":
        return True
    return _aggregate(name, _cells(arguments[0], context))


def _known(table: pd.DataFrame) -> list[dict[str, Value]]:
    """Return the rows, with None for what is not known."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _filtered(inner: Context, condition: exprs.Expression, outer: Context) -> Context:
    """Return what CALCULATE evaluates in; the values in a condition are those of outside."""
    match condition:
        case exprs.ComparisonExpression() if condition.operator.text == "=":
            column = _column(condition.left, outer)
            return inner.where(column, _equal(_value(condition.right, outer)))
        case exprs.FunctionExpression():
            name, arguments = condition.name_parts[0].text, condition.args
            if name == "REMOVEFILTERS":
                return inner.without(_column(arguments[0], outer))
            if name == "VALUES":
                return inner.where(
                    _column(arguments[0], outer), _is_in(_cells(arguments[0], outer))
                )
            if name == "TREATAS":
                values, column_there = arguments
                assert isinstance(values, exprs.FunctionExpression)
                assert values.name_parts[0].text == "VALUES"
                passes = _is_in(_cells(values.args[0], outer))
                return inner.where(_column(column_there, outer), passes)
            if name == "NOT":
                [asked] = arguments
                if isinstance(asked, exprs.ParenthesesExpression):
                    asked = asked.inner_statement
                assert isinstance(asked, exprs.FunctionExpression)
                assert asked.name_parts[0].text == "ISBLANK"
                return inner.where(_column(asked.args[0], outer), lambda cells: cells.notna())
    raise NotImplementedError(condition)


def _table(node: exprs.Expression) -> str:
    assert isinstance(node, exprs.TableExpression | exprs.IdentifierExpression), node
    return str(node.name.text.strip("'"))


def _column(node: exprs.Expression, context: Context) -> Column:
    assert isinstance(node, exprs.ColumnExpression), node
    table = context.model.table(node.table.text.strip("'"))
    return table.name, table.column(node.column.text.strip("[]")).name


def _cells(node: exprs.Expression, context: Context) -> pd.Series[Any]:
    table, column = _column(node, context)
    return context.rows(table)[column]


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
