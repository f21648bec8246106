"""What each node of Flowise's agent flows, second version, becomes here."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from privexbot_app.flow.formats.drawing import Made, NoEquivalentError, Original
from privexbot_app.flow.formats.flowise.conditions import compare
from privexbot_app.flow.formats.flowise.references import References
from privexbot_app.flow.formats.foreign import as_dict, as_list, as_number, as_text

Maker = Callable[[Original, References], Made]
FIELD_TYPES = {"string": "text", "number": "number", "boolean": "boolean", "enum": "choice"}


def start(node: Original, refs: References) -> Made:
    """A form's fields come as data of the first message."""
    inputs = node.settings
    losses = []
    if inputs.get("startInputType") == "formInput":
        named = ", ".join(as_text(as_dict(one).get("name")) for one in as_list(inputs.get("formInputTypes")))
        losses.append(f"Its form ({named}) is not shown: send the fields as `data` of the first message.")
    return Made("trigger", losses=losses)


def llm(node: Original, refs: References) -> Made:
    """Text, or an object where one is asked for."""
    return _ask(node.settings, "llm", refs)


def agent(node: Original, refs: References) -> Made:
    """A model that answers from documents or from nothing; one that chooses tools has no equivalent."""
    inputs = node.settings
    tools = [as_text(as_dict(one).get("agentSelectedTool")) for one in as_list(inputs.get("agentTools"))]
    if tools:
        raise NoEquivalentError(f"Agents that choose tools themselves ({', '.join(tools)}) have no equivalent.")
    stores = as_list(inputs.get("agentKnowledgeDocumentStores")) + as_list(inputs.get("agentKnowledgeVSEmbeddings"))
    if not stores:
        return _ask(inputs, "agent", refs)
    asked = _ask(inputs, "agent", refs)
    losses = [*asked.losses, f"Choose knowledge bases of this workspace in place of its {len(stores)} document stores."]
    config = {"persona": asked.config["system"], "question": asked.config["prompt"], "grounding": "guided"}
    return Made("answer", config | _temperature(inputs, "agent"), losses)


def _ask(inputs: Mapping[str, Any], prefix: str, refs: References) -> Made:
    losses: list[str] = []
    messages = [as_dict(one) for one in as_list(inputs.get(f"{prefix}Messages"))]
    texts = [(as_text(one.get("role")), refs.text(one.get("content"))) for one in messages]
    system = "\n\n".join(text for role, text in texts if role in ("system", "developer") and text)
    others = [f"{role}: {text}" for role, text in texts if role not in ("system", "developer") and text]
    if last := refs.text(inputs.get(f"{prefix}UserMessage")).strip():
        others.append(last)
    prompt = "\n\n".join(others) or "{{sys.message}}"
    history = 20 if inputs.get(f"{prefix}EnableMemory") else 0
    fields = [_field(as_dict(one)) for one in as_list(inputs.get(f"{prefix}StructuredOutput"))]
    config = {"prompt": prompt, "history": history} | _temperature(inputs, prefix)
    if fields:
        return Made("llm_structured", config | {"instructions": system, "fields": fields}, losses)
    return Made("llm", config | {"system": system}, losses)


def _temperature(inputs: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    written = as_dict(inputs.get(f"{prefix}ModelConfig")).get("temperature")
    return {"temperature": min(max(as_number(written, 0.2), 0), 2), "max_tokens": 2000}


def _field(one: Mapping[str, Any]) -> dict[str, Any]:
    written = as_text(one.get("type"))
    type = "list" if "array" in written.casefold() else FIELD_TYPES.get(written, "text")
    options = [option.strip() for option in as_text(one.get("enumValues")).split(",") if option.strip()]
    made = {"name": as_text(one.get("key")), "type": type, "description": as_text(one.get("description"))[:500]}
    return made | ({"options": options} if type == "choice" else {})


def condition(node: Original, refs: References) -> Made:
    """One case for each condition, by its number; Flowise numbers the way for the rest after them."""
    made = []
    for number, one in enumerate(map(as_dict, as_list(node.settings.get("conditions")))):
        comparison = compare(one.get("value1"), one.get("operation"), one.get("value2"), refs)
        made.append({"id": str(number), "comparisons": [comparison]})
    return Made("condition", {"cases": made})


def condition_agent(node: Original, refs: References) -> Made:
    """A model chooses a scenario."""
    inputs = node.settings
    classes = [
        {"id": str(number), "label": as_text(as_dict(one).get("scenario"))[:120]}
        for number, one in enumerate(as_list(inputs.get("conditionAgentScenarios")))
    ]
    text = refs.text(inputs.get("conditionAgentInput")) or "{{sys.message}}"
    instructions = refs.text(inputs.get("conditionAgentInstructions"))
    return Made("classifier", {"text": text, "classes": classes, "instructions": instructions})


def iteration(node: Original, refs: References) -> Made:
    """One pass for each item."""
    text = refs.text(node.settings.get("iterationInput")).strip()
    if not (text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1):
        return Made("loop", {}, ["Choose the list that it goes through; here it is one value of the flow."])
    return Made("loop", {"items": text.strip("{} ")})


def reply(node: Original, refs: References) -> Made:
    """Says its text."""
    return Made("reply", {"text": refs.text(node.settings.get("directReplyMessage"))})


def http(node: Original, refs: References) -> Made:
    """A credential is to be chosen here."""
    inputs = node.settings
    losses = ["Choose its credential from the vault."] if inputs.get("credential") else []
    body, type = refs.text(inputs.get("body")), as_text(inputs.get("bodyType"))
    config: dict[str, Any] = {
        "method": as_text(inputs.get("method")).upper() or "GET",
        "url": refs.text(inputs.get("url")).strip(),
        "headers": _pairs(inputs.get("headers"), refs),
        "query": _pairs(inputs.get("queryParams"), refs),
    }
    if body and config["method"] != "GET":
        if type in ("formData", "xWwwFormUrlencoded"):
            raise NoEquivalentError("Its form cannot be read; write the request anew.")
        config |= {"body": body, "body_type": "json" if type == "json" else "text"}
    return Made("http_request", config, losses)


def _pairs(written: Any, refs: References) -> dict[str, str]:
    return {as_text(as_dict(one).get("key")): refs.text(as_dict(one).get("value")) for one in as_list(written)}


def retriever(node: Original, refs: References) -> Made:
    """Bases of this workspace are to be chosen."""
    query = refs.text(node.settings.get("retrieverQuery")) or "{{sys.message}}"
    return Made("knowledge", {"query": query}, ["Choose knowledge bases of this workspace in its place."])


def subflow(node: Original, refs: References) -> Made:
    """The other flow is to be chosen."""
    return Made("subflow", {}, ["Choose the chatflow to run: import it first."])


def state_updates(node: Original, refs: References) -> Made | None:
    """What a node writes into the flow's state, as a step of its own behind it."""
    updates = [
        item
        for name, value in node.settings.items()
        if name.endswith("UpdateState")
        for item in as_list(_parsed(value))
    ]
    assignments = [
        {
            "name": refs.path(f"$flow.state.{as_text(as_dict(one).get('key'))}").removeprefix("vars."),
            "value": refs.text(as_dict(one).get("value")).strip(),
        }
        for one in updates
    ]
    return Made("set_variable", {"assignments": assignments}) if assignments else None


def _parsed(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) and value else value
    except (ValueError, RecursionError):
        return None


MAKERS: Mapping[str, Maker] = {
    "startAgentflow": start,
    "llmAgentflow": llm,
    "agentAgentflow": agent,
    "conditionAgentflow": condition,
    "conditionAgentAgentflow": condition_agent,
    "iterationAgentflow": iteration,
    "directReplyAgentflow": reply,
    "httpAgentflow": http,
    "retrieverAgentflow": retriever,
    "executeFlowAgentflow": subflow,
}
REASONS: Mapping[str, str] = {
    "loopAgentflow": "A flow does not lead back here: put what repeats into a loop.",
    "customFunctionAgentflow": "JavaScript does not run here; write it in Python, as a code node.",
    "toolAgentflow": "Flowise's tools are not part of this installation; an HTTP request may do the same.",
    "humanInputAgentflow": "Asking for approval is a question and a condition here.",
}
