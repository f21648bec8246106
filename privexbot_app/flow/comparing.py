"""Comparisons of values, for conditions and loops. A closed list of operators; no expressions."""

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from privexbot_app.flow.values import Template, to_text

Operator = Literal[
    "equals",
    "not_equals",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "greater",
    "greater_or_equal",
    "less",
    "less_or_equal",
    "is_empty",
    "is_not_empty",
    "is_one_of",
]
ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "greater": gt,
    "greater_or_equal": ge,
    "less": lt,
    "less_or_equal": le,
}
UNARY = {"is_empty", "is_not_empty"}


class Comparison(BaseModel):
    """Two values and how they are compared. Text is compared without regard to case unless `case_sensitive`."""

    model_config = ConfigDict(extra="forbid")

    left: Template
    operator: Operator = "equals"
    right: Template = ""
    case_sensitive: bool = False


def holds(comparison: Comparison, render: Callable[[str], Any]) -> bool:
    """Whether it is so. render: gives a template's value."""
    left = render(comparison.left)
    if comparison.operator in UNARY:
        return _is_empty(left) == (comparison.operator == "is_empty")
    return compare(left, comparison.operator, render(comparison.right), case_sensitive=comparison.case_sensitive)


def compare(left: Any, operator: str, right: Any, *, case_sensitive: bool = False) -> bool:
    """Compare two values.

    >>> compare("Order 7", "contains", "order"), compare("10", "greater", 9), compare(["a"], "contains", "A")
    (True, True, True)
    """
    fold: Callable[[Any], str] = to_text if case_sensitive else lambda value: to_text(value).strip().casefold()
    match operator:
        case "equals":
            return _equal(left, right, fold)
        case "not_equals":
            return not _equal(left, right, fold)
        case "contains":
            return _contains(left, right, fold)
        case "not_contains":
            return not _contains(left, right, fold)
        case "starts_with":
            return fold(left).startswith(fold(right))
        case "ends_with":
            return fold(left).endswith(fold(right))
        case "is_one_of":
            options = right if isinstance(right, list) else to_text(right).split(",")
            return fold(left) in {fold(option) for option in options}
    return _ordered(left, operator, right)


def _equal(left: Any, right: Any, fold: Callable[[Any], str]) -> bool:
    numbers = as_number(left), as_number(right)
    if None not in numbers:
        return numbers[0] == numbers[1]
    return fold(left) == fold(right)


def _contains(left: Any, right: Any, fold: Callable[[Any], str]) -> bool:
    if isinstance(left, list | tuple):
        return fold(right) in {fold(item) for item in left}
    if isinstance(left, dict):
        return to_text(right) in left
    return fold(right) in fold(left)


def _ordered(left: Any, operator: str, right: Any) -> bool:
    """Numbers by size, other texts (dates in ISO form among them) by their letters; False where one is nothing."""
    if _is_empty(left) or _is_empty(right):
        return False
    first, second = as_number(left), as_number(right)
    if first is not None and second is not None:
        return ORDERS[operator](first, second)
    return ORDERS[operator](to_text(left).casefold(), to_text(right).casefold())


def as_number(value: Any) -> float | None:
    """A number, also when it is written as text; None for anything else.

    >>> as_number(" 3.5 "), as_number("3 apples"), as_number(True), as_number("nan")
    (3.5, None, None, None)
    """
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value) if isinstance(value, int | float) else float(str(value).strip())
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip())
