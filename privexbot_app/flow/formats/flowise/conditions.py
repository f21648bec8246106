"""Comparisons of Flowise, of the newer and the older kind."""

from collections.abc import Mapping
from typing import Any

from privexbot_app.flow.formats.drawing import NoEquivalentError
from privexbot_app.flow.formats.flowise.references import References
from privexbot_app.flow.formats.foreign import as_text

OPERATORS = {
    "equal": "equals",
    "equalto": "equals",
    "is": "equals",
    "notequal": "not_equals",
    "notequalto": "not_equals",
    "isnot": "not_equals",
    "contains": "contains",
    "notcontains": "not_contains",
    "startswith": "starts_with",
    "startwith": "starts_with",
    "endswith": "ends_with",
    "endwith": "ends_with",
    "isempty": "is_empty",
    "notempty": "is_not_empty",
    "isnotempty": "is_not_empty",
    "larger": "greater",
    "greaterthan": "greater",
    "largerequal": "greater_or_equal",
    "greaterthanorequalto": "greater_or_equal",
    "smaller": "less",
    "lessthan": "less",
    "smallerequal": "less_or_equal",
    "lessthanorequalto": "less_or_equal",
}


def compare(left: Any, operation: Any, right: Any, refs: References) -> Mapping[str, Any]:
    """One comparison. Raises NoEquivalentError for an operator that is not ours."""
    written = as_text(operation)
    operator = OPERATORS.get(written.replace(" ", "").casefold())
    if operator is None:
        raise NoEquivalentError(f"The comparison “{written}” has no equivalent here.")
    text = as_text(left)
    made = f"{{{{{refs.path(text)}}}}}" if text.startswith("$") else refs.text(text)
    return {"left": made, "operator": operator, "right": refs.text(right)}
