"""Values of metrics over windows of time, as CloudWatch makes one data point of many values. Functions over numbers only."""

from __future__ import annotations

import ast
import operator
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

Key = tuple[str, str, tuple[tuple[str, str], ...]]
"""Namespace, name and dimensions (sorted): what makes two metrics two."""

Values = list[float | None]
"""A data point for each window, the oldest first; None where it is missing."""


class Datum(NamedTuple):
    """What was put at one time: one value, or the statistics of several."""

    at: float
    """Seconds since 1970."""
    total: float
    samples: float
    least: float
    most: float


class NotSupported(Exception):  # noqa: N818 - an answer, not an error
    """A statistic or an expression that the rehearsal does not know; the text says which."""


def key_of(namespace: str, name: str, dimensions: Mapping[str, str]) -> Key:
    """The key of a metric."""
    return namespace, name, tuple(sorted(dimensions.items()))


def single(at: float, value: float) -> Datum:
    """One value."""
    return Datum(at, value, 1.0, value, value)


def windows(data: Sequence[Datum], statistic: str, end: float, period: float, count: int) -> Values:
    """A data point for each of the `count` periods that end at `end`. `data` is sorted by time. Raises NotSupported."""
    found: Values = []
    for number in range(count, 0, -1):
        begin = end - number * period
        low = bisect_left(data, begin, key=lambda datum: datum.at)
        high = bisect_left(data, begin + period, lo=low, key=lambda datum: datum.at)
        found.append(_point(statistic, data[low:high]) if high > low else None)
    return found


def _point(statistic: str, data: Sequence[Datum]) -> float:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html"""
    if statistic in _SIMPLE:
        return _SIMPLE[statistic](data)
    rank = re.fullmatch(r"p(\d{1,2}(?:\.\d+)?|100)", statistic)
    if rank is None:
        raise NotSupported(f"the statistic {statistic}")
    # Of values put as statistics only the mean is known.
    values = sorted(datum.total / datum.samples for datum in data for _ in range(int(datum.samples)))
    place = float(rank[1]) / 100 * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


_SIMPLE: dict[str, Callable[[Sequence[Datum]], float]] = {
    "SampleCount": lambda data: sum(datum.samples for datum in data),
    "Sum": lambda data: sum(datum.total for datum in data),
    "Average": lambda data: sum(datum.total for datum in data) / (sum(datum.samples for datum in data) or 1.0),
    "Minimum": lambda data: min(datum.least for datum in data),
    "Maximum": lambda data: max(datum.most for datum in data),
}


def calculate(expression: str, series: Mapping[str, Values]) -> Values:
    """The value of metric math for each window: + - * / ^, comparisons, numbers, the series' IDs, FILL, IF, ABS, CEIL, FLOOR,
    MIN, MAX, SUM, AVG. Where a series has no data point the result has none. Raises NotSupported.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """
    try:
        tree = ast.parse(expression.strip().replace("^", "**"), mode="eval").body
    except SyntaxError:
        raise NotSupported(f"the expression {expression}") from None
    count = max((len(values) for values in series.values()), default=0)
    return [_at(tree, {name: values[index] for name, values in series.items()}, expression) for index in range(count)]


_ARITHMETIC: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, Callable[[list[float]], float]] = {
    "ABS": lambda values: abs(values[0]),
    "CEIL": lambda values: -(-values[0] // 1),
    "FLOOR": lambda values: values[0] // 1,
    "MIN": min,
    "MAX": max,
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
}


def _at(node: ast.AST, values: Mapping[str, float | None], expression: str) -> float | None:
    """The value of a part of an expression in one window."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.Name) and node.id in values:
        return values[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _at(node.operand, values, expression)
        return None if value is None else -value
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return _both(_ARITHMETIC[type(node.op)], node.left, node.right, values, expression)
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _ARITHMETIC:
        return _both(_ARITHMETIC[type(node.ops[0])], node.left, node.comparators[0], values, expression)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _call(node.func.id, node.args, values, expression)
    raise NotSupported(f"the expression {expression}")


def _both(
    work: Callable[[float, float], float],
    left: ast.AST,
    right: ast.AST,
    values: Mapping[str, float | None],
    expression: str,
) -> float | None:
    one, other = _at(left, values, expression), _at(right, values, expression)
    if one is None or other is None:
        return None
    try:
        return float(work(one, other))
    except (ZeroDivisionError, OverflowError, TypeError):
        # CloudWatch has no data point there either.
        return None


def _call(name: str, parts: list[ast.expr], values: Mapping[str, float | None], expression: str) -> float | None:
    arguments: list[ast.expr] = []
    for part in parts:
        arguments += part.elts if isinstance(part, ast.List) else [part]
    found = [_at(part, values, expression) for part in arguments]
    if name == "FILL" and len(found) == 2:
        return found[1] if found[0] is None else found[0]
    if name == "IF" and len(found) in (2, 3):
        if found[0] is None:
            return None
        return found[1] if found[0] else (found[2] if len(found) == 3 else None)
    if name not in _FUNCTIONS or not found:
        raise NotSupported(f"the expression {expression}")
    present = [value for value in found if value is not None]
    if (
        len(parts) == 1
        and not isinstance(parts[0], ast.List)
        and name in ("MIN", "MAX", "SUM", "AVG")
        and len(found) == 1
    ):
        raise NotSupported(f"{name} over time in {expression}")
    return _FUNCTIONS[name](present) if present else None
