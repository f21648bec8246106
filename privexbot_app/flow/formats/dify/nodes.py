"""What each type of Dify's nodes becomes here. A type that is not in `MAKERS` has no equivalent."""

from collections.abc import Callable, Mapping
from typing import Any

from privexbot_app.flow.formats.dify.calls import http
from privexbot_app.flow.formats.dify.logic import assigner, if_else, iteration, loop
from privexbot_app.flow.formats.dify.references import References
from privexbot_app.flow.formats.dify.templates import to_liquid
from privexbot_app.flow.formats.drawing import Made, NoEquivalentError, Original
from privexbot_app.flow.formats.foreign import as_dict, as_list, as_number, as_text, valid_port

Maker = Callable[[Original, References], Made]
FIELD_TYPES = {"string": "text", "number": "number", "bool": "boolean", "boolean": "boolean", "select": "choice"}
VALUE_TYPES = {"string": "text", "number": "number", "boolean": "boolean", "object": "object"}


def start(node: Original, refs: References) -> Made:
    """The fields of its form come as data of the first message."""
    fields = [as_text(as_dict(one).get("variable")) for one in as_list(node.settings.get("variables"))]
    if not fields:
        return Made("trigger")
    named = ", ".join(fields)
    return Made("trigger", losses=[f"Its form ({named}) is not shown: send the fields as `data` of the first message."])


def answer(node: Original, refs: References) -> Made:
    """Says its text at once; a model's words come as a whole."""
    return Made("reply", {"text": refs.text(node.settings.get("answer"))})


def end(node: Original, refs: References) -> Made:
    """What a workflow gives is also said, as there is a visitor here."""
    given = {}
    for output in map(as_dict, as_list(node.settings.get("outputs"))):
        given[as_text(output.get("variable")) or "output"] = refs.template(output.get("value_selector"))
    return Made("end", {"outputs": given, "message": "\n\n".join(given.values())})


def llm(node: Original, refs: References) -> Made:
    """System messages become the system prompt, the others the prompt."""
    data, losses = node.settings, []
    context = as_dict(data.get("context"))
    refs.context = as_list(context.get("variable_selector")) if context.get("enabled") else ()
    if as_dict(data.get("vision")).get("enabled"):
        losses.append("It cannot look at pictures here.")
    if data.get("structured_output_enabled"):
        losses.append("It answers with text here; use “Extract fields” for an object.")
    prompts = data.get("prompt_template")
    messages = [as_dict(one) for one in (prompts if isinstance(prompts, list) else [prompts])]
    texts = [(as_text(one.get("role")) or "user", _message(one, data, refs, losses)) for one in messages]
    system = "\n\n".join(text for role, text in texts if role == "system" and text)
    others = [(role, text) for role, text in texts if role != "system" and text]
    memory = data.get("memory")
    if isinstance(memory, dict) and (not others or memory.get("query_prompt_template")):
        others.append(("user", refs.text(memory.get("query_prompt_template") or "{{#sys.query#}}")))
    if not others:
        system, others = "", [("user", system)]
    if len(others) > 1:
        losses.append("Its messages are one prompt here, one after the other.")
    prompt = others[0][1] if len(others) == 1 else "\n\n".join(f"{role}: {text}" for role, text in others)
    config = {"system": system, "prompt": prompt, "is_shown": False, "history": _history(memory)}
    return Made("llm", config | _model(data), losses)


def _message(message: Mapping[str, Any], data: Mapping[str, Any], refs: References, losses: list[str]) -> str:
    if message.get("edition_type") != "jinja2":
        return refs.text(message.get("text"))
    source = as_text(message.get("jinja2_text") or message.get("text"))
    if "{%" in source:
        losses.append("Statements of Jinja in its prompt are text here; put a template before it.")
    for one in map(as_dict, as_list(as_dict(data.get("prompt_config")).get("jinja2_variables"))):
        name = as_text(one.get("variable"))
        for written in (f"{{{{{name}}}}}", f"{{{{ {name} }}}}"):
            source = source.replace(written, refs.template(one.get("value_selector"), is_text=True))
    return refs.text(source)


def _history(memory: Any) -> int:
    if not isinstance(memory, dict):
        return 0
    window = as_dict(memory.get("window"))
    return min(max(int(as_number(window.get("size"), 10)), 0), 100) if window.get("enabled") else 20


def _model(data: Mapping[str, Any]) -> dict[str, Any]:
    params = as_dict(as_dict(data.get("model")).get("completion_params"))
    return {
        "temperature": min(max(as_number(params.get("temperature"), 0.2), 0), 2),
        "max_tokens": min(max(int(as_number(params.get("max_tokens"), 2000)), 1), 32_000),
    }


def code(node: Original, refs: References) -> Made:
    """Dify calls `main`; here the last expression counts, which is that call."""
    data = node.settings
    if data.get("code_language") not in (None, "", "python3", "python"):
        raise NoEquivalentError(f"Code in {data.get('code_language')} does not run here; write it in Python.")
    source = as_text(data.get("code"))
    inputs = {
        as_text(one.get("variable")): refs.template(one.get("value_selector"))
        for one in map(as_dict, as_list(data.get("variables")))
    }
    call = ", ".join(f"{name}={name}" for name in inputs)
    given = [
        {"name": name, "type": _value_type(as_dict(output).get("type"))}
        for name, output in as_dict(data.get("outputs")).items()
    ]
    losses = []
    if "import " in source:
        losses.append("It imports modules: here code has almost none of Python's library, no files and no network.")
    return Made("code", {"source": f"{source.rstrip()}\n\nmain({call})\n", "inputs": inputs, "given": given}, losses)


def _value_type(written: Any) -> str:
    type = as_text(written)
    return "list" if type.startswith("array") else VALUE_TYPES.get(type, "any")


def classifier(node: Original, refs: References) -> Made:
    """One way for each class."""
    data = node.settings
    query = data.get("query_variable_selector")
    classes = [
        {"id": valid_port(as_text(one.get("id"))), "label": as_text(one.get("name"))[:120]}
        for one in map(as_dict, as_list(data.get("classes")))
    ]
    instructions = refs.text(data.get("instruction") or data.get("instructions"))
    text = refs.template(query) if query else "{{sys.message}}"
    return Made("classifier", {"text": text, "classes": classes, "instructions": instructions})


def knowledge(node: Original, refs: References) -> Made:
    """The data sets stay behind; bases of this workspace are to be chosen."""
    data = node.settings
    found = as_dict(data.get("multiple_retrieval_config"))
    limit = min(max(int(as_number(found.get("top_k"), 6)), 1), 50)
    query = refs.template(data.get("query_variable_selector"))
    count = len(as_list(data.get("dataset_ids")))
    losses = [f"Choose knowledge bases of this workspace in place of its {count} data sets."]
    return Made("knowledge", {"query": query, "limit": limit}, losses)


def template(node: Original, refs: References) -> Made:
    """Jinja as Liquid, where both say the same."""
    names = {
        as_text(one.get("variable")): refs.path(one.get("value_selector"))
        for one in map(as_dict, as_list(node.settings.get("variables")))
    }
    return Made("template", {"source": to_liquid(as_text(node.settings.get("template")), names)})


def aggregator(node: Original, refs: References) -> Made:
    """The first of its values that is there."""
    if as_dict(node.settings.get("advanced_settings")).get("group_enabled"):
        raise NoEquivalentError("An aggregator of several groups has no equivalent: use one template for each.")
    paths = [refs.path(selector) for selector in as_list(node.settings.get("variables"))]
    if not paths:
        raise NoEquivalentError("It aggregates nothing.")
    return Made("template", {"source": f"{{{{ {' | default: '.join(paths)} }}}}"})


def extractor(node: Original, refs: References) -> Made:
    """Its parameters are the fields."""
    data = node.settings
    fields: list[dict[str, Any]] = []
    for one in map(as_dict, as_list(data.get("parameters"))):
        written = as_text(one.get("type"))
        field = {
            "name": as_text(one.get("name")),
            "type": "list" if written.startswith("array") else FIELD_TYPES.get(written, "text"),
            "description": as_text(one.get("description"))[:500],
            "is_required": bool(one.get("required")),
        }
        options = [as_text(option) for option in as_list(one.get("options"))]
        fields.append(field | ({"options": options} if field["type"] == "choice" else {}))
    query = data.get("query")
    prompt = refs.template(query, is_text=True) if isinstance(query, list) else refs.text(query)
    config = {"instructions": refs.text(data.get("instruction")), "prompt": prompt, "fields": fields}
    return Made("llm_structured", config | _model(data))


def beginning(node: Original, refs: References) -> Made:
    """Where the body of a loop begins: hands the item on."""
    return Made("template", {"source": f"{{{{ {node.parent}.item }}}}" if node.parent else ""})


MAKERS: Mapping[str, Maker] = {
    "start": start,
    "answer": answer,
    "end": end,
    "llm": llm,
    "code": code,
    "if-else": if_else,
    "question-classifier": classifier,
    "knowledge-retrieval": knowledge,
    "template-transform": template,
    "variable-aggregator": aggregator,
    "variable-assigner": aggregator,
    "assigner": assigner,
    "iteration": iteration,
    "iteration-start": beginning,
    "loop": loop,
    "loop-start": beginning,
    "parameter-extractor": extractor,
    "http-request": http,
}
REASONS: Mapping[str, str] = {
    "tool": "Tools of Dify's marketplace are not part of this installation; an HTTP request may do the same.",
    "agent": "Agents that choose tools themselves have no equivalent; draw their steps.",
    "document-extractor": "Files of visitors are not read here; put documents into a knowledge base.",
    "list-operator": "Lists are filtered with a template or with code here.",
    "loop-end": "A loop ends by its condition here.",
}
OTHERWISE = "It has no equivalent here."
