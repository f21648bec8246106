"""Branches, loops and assignments of Dify."""

from collections.abc import Mapping
from typing import Any

from privexbot_app.flow.formats.dify.references import References
from privexbot_app.flow.formats.drawing import Made, NoEquivalentError, Original
from privexbot_app.flow.formats.foreign import as_dict, as_list, as_number, as_text, valid_port

OPERATORS = {
    "contains": "contains",
    "not contains": "not_contains",
    "start with": "starts_with",
    "end with": "ends_with",
    "is": "equals",
    "is not": "not_equals",
    "=": "equals",
    "≠": "not_equals",
    ">": "greater",
    "<": "less",
    "≥": "greater_or_equal",
    "≤": "less_or_equal",
    "empty": "is_empty",
    "not empty": "is_not_empty",
    "null": "is_empty",
    "not null": "is_not_empty",
    "exists": "is_not_empty",
    "not exists": "is_empty",
    "in": "is_one_of",
}
WRITES = {"over-write": "set", "set": "set", "append": "append", "clear": "clear", "+=": "add"}
MOST_PASSES = 500


def if_else(node: Original, refs: References) -> Made:
    """Each case is a way by its id, and what remains is `else`."""
    data = node.settings
    cases = [as_dict(one) for one in as_list(data.get("cases"))] or [{**data, "case_id": "true"}]
    made = []
    for case in cases:
        comparisons = [_comparison(as_dict(one), refs) for one in as_list(case.get("conditions"))]
        id = valid_port(as_text(case.get("case_id") or case.get("id") or "true"))
        made.append({"id": id, "all": case.get("logical_operator") != "or", "comparisons": comparisons})
    return Made("condition", {"cases": made})


def _comparison(condition: Mapping[str, Any], refs: References) -> dict[str, Any]:
    written, value = as_text(condition.get("comparison_operator")), condition.get("value")
    if condition.get("sub_variable_condition") or written not in OPERATORS:
        raise NoEquivalentError(f"The comparison “{written}” has no equivalent here.")
    return {
        "left": refs.template(condition.get("variable_selector")),
        "operator": OPERATORS[written],
        "right": refs.text(",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)),
        "case_sensitive": True,
    }


def assigner(node: Original, refs: References) -> Made:
    """Sets variables of the conversation."""
    data = node.settings
    items = as_list(data.get("items")) or [
        {
            "variable_selector": data.get("assigned_variable_selector"),
            "operation": data.get("write_mode"),
            "value": data.get("input_variable_selector"),
        }
    ]
    return Made("set_variable", {"assignments": [_assignment(as_dict(item), refs) for item in items]})


def _assignment(item: Mapping[str, Any], refs: References) -> dict[str, Any]:
    written, value = as_text(item.get("operation")), item.get("value")
    if written not in WRITES:
        raise NoEquivalentError(f"The change “{written}” of a variable has no equivalent here.")
    path = refs.path(item.get("variable_selector"))
    if not path.startswith("vars.") or "." in path.removeprefix("vars."):
        raise NoEquivalentError("Only variables of the flow can be set here.")
    is_reference = item.get("input_type") != "constant" and isinstance(value, list)
    made = refs.template(value) if is_reference and value else refs.text(value)
    how = WRITES[written]
    return {"name": path.removeprefix("vars."), "how": how, "value": "" if how == "clear" else made}


def iteration(node: Original, refs: References) -> Made:
    """One pass for each item; an End inside names what a pass gives (see the reader)."""
    losses = ["Its passes run one after the other here."] if node.settings.get("is_parallel") else []
    return Made("loop", {"over": "items", "items": refs.path(node.settings.get("iterator_selector"))}, losses)


def loop(node: Original, refs: References) -> Made:
    """Passes until its conditions hold."""
    data = node.settings
    count = min(max(int(as_number(data.get("loop_count"), 10)), 1), MOST_PASSES)
    conditions = [_comparison(as_dict(one), refs) for one in as_list(data.get("break_conditions"))]
    losses = []
    for one in map(as_dict, as_list(data.get("loop_variables"))):
        name = refs.path([node.id, as_text(one.get("label"))]).removeprefix("vars.")
        losses.append(f"Its variable “{name}” is one of the flow here; set it before the loop.")
    if not conditions:
        return Made("loop", {"over": "times", "times": count}, losses)
    return Made("loop", {"over": "until", "until": conditions, "most_passes": count}, losses)
