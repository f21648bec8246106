"""What each type of Typebot's blocks becomes here. A type that is not in `MAKERS` has no equivalent."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from privexbot_app.flow.formats.drawing import Made, NoEquivalentError, Original
from privexbot_app.flow.formats.foreign import as_dict, as_list, as_number, as_text, valid_port
from privexbot_app.flow.formats.typebot.references import References

Maker = Callable[[Original, References], Made]
KINDS = {
    "text input": "text",
    "number input": "number",
    "email input": "email",
    "url input": "text",
    "date input": "date",
    "time input": "text",
    "phone number input": "phone",
    "choice input": "choice",
    "picture choice input": "choice",
    "rating input": "number",
    "file input": "file",
}
MODELS = ("OpenAI", "openai", "anthropic", "mistral", "groq", "together-ai", "open-router", "deepseek", "perplexity")
OPERATORS = {
    "Equal to": "equals",
    "Not equal": "not_equals",
    "Contains": "contains",
    "Does not contain": "not_contains",
    "Greater than": "greater",
    "Less than": "less",
    "Is set": "is_not_empty",
    "Is empty": "is_empty",
    "Starts with": "starts_with",
    "Ends with": "ends_with",
}
TIMES = ("Today", "Now")
QUESTION = "Please answer:"
_LITERAL = re.compile(r"\s*(?:\"([^\"\\]*)\"|'([^'\\]*)'|(-?\d+(?:\.\d+)?|[\w .,!?%€$£:/@#-]*|(?:\{\{[^{}]+\}\})))\s*")


def start(block: Original, refs: References) -> Made:
    """Begins with the visitor's first message."""
    return Made("trigger")


def bubble(block: Original, refs: References) -> Made:
    """Says a text."""
    return Made("reply", {"text": refs.rich(as_dict(block.settings.get("content")))})


def picture(block: Original, refs: References) -> Made:
    """Shows a picture, as Markdown."""
    return Made("reply", {"text": f"![]({_url(block, refs)})"})


def medium(block: Original, refs: References) -> Made:
    """Gives a link to what was embedded."""
    return Made("reply", {"text": _url(block, refs)}, ["It is a link here, not a player."])


def _url(block: Original, refs: References) -> str:
    url = refs.text(as_dict(block.settings.get("content")).get("url"))
    if not url:
        raise NoEquivalentError("It names no address.")
    return url


def question(block: Original, refs: References) -> Made:
    """Asks; the text before it, if there is one, is the question (see the reader)."""
    options = as_dict(block.settings.get("options"))
    labels = as_dict(options.get("labels"))
    config: dict[str, Any] = {
        "text": as_text(block.settings.get("question")) or refs.text(labels.get("placeholder")) or QUESTION,
        "kind": KINDS[block.type],
        "variable": refs.variable(options.get("variableId")),
        "hint": refs.text(options.get("retryMessageContent")),
    }
    losses = []
    if block.type in ("url input", "time input"):
        losses.append("Any text is taken as an answer here.")
    if options.get("isMultipleChoice"):
        losses.append("One choice can be made here, not several.")
    match block.type:
        case "choice input" | "picture choice input":
            items = map(as_dict, as_list(block.settings.get("items")))
            dynamic = refs.reference(options.get("dynamicVariableId"))
            written = [refs.text(one.get("content") or one.get("title")) for one in items]
            config["options"] = [dynamic] if dynamic else [one for one in written if one]
        case "number input":
            bounds = {"minimum": options.get("min"), "maximum": options.get("max")}
            config |= {name: as_number(value) for name, value in bounds.items() if isinstance(value, int | float)}
        case "rating input":
            config |= {"minimum": 1, "maximum": max(int(as_number(options.get("length"), 5)), 1)}
        case "phone number input":
            region = as_text(options.get("defaultCountryCode"))
            config["region"] = region if re.fullmatch(r"[A-Za-z]{2}", region) else ""
    return Made("ask", config, losses)


def condition(block: Original, refs: References) -> Made:
    """One case for each item; the block's own way out is `else`."""
    cases = []
    for item in map(as_dict, as_list(block.settings.get("items"))):
        content = as_dict(item.get("content"))
        comparisons = [_comparison(as_dict(one), refs) for one in as_list(content.get("comparisons"))]
        is_all = content.get("logicalOperator") != "OR"
        cases.append({"id": valid_port(as_text(item.get("id"))), "all": is_all, "comparisons": comparisons})
    return Made("condition", {"cases": cases})


def _comparison(one: Mapping[str, Any], refs: References) -> dict[str, Any]:
    written = as_text(one.get("comparisonOperator"))
    if written not in OPERATORS:
        raise NoEquivalentError(f"The comparison “{written}” has no equivalent here.")
    left = refs.reference(one.get("variableId"))
    return {"left": left, "operator": OPERATORS[written], "right": refs.text(one.get("value"))}


def assignment(block: Original, refs: References) -> Made:
    """Sets a variable to a text, another variable, or the time; JavaScript has no equivalent."""
    options = as_dict(block.settings.get("options"))
    name, type = refs.variable(options.get("variableId")), as_text(options.get("type"))
    if not name:
        raise NoEquivalentError("It names no variable.")
    if type == "Empty":
        return _set(name, "", "clear")
    if type in TIMES:
        return _set(name, "{{sys.date}}")
    if type == "Append value(s)":
        return _set(name, refs.text(options.get("item")), "append")
    if type not in ("", "Custom"):
        raise NoEquivalentError(f"The value “{type}” has no equivalent here.")
    written = as_text(options.get("expressionToEvaluate"))
    found = _LITERAL.fullmatch(written)
    if found is None:
        raise NoEquivalentError("JavaScript does not run here; write it in Python, as a code node.")
    value = refs.text(next((group for group in found.groups() if group is not None), ""))
    return _set(name, value) if value else _set(name, "", "clear")


def _set(name: str, value: str, how: str = "set") -> Made:
    return Made("set_variable", {"assignments": [{"name": name, "how": how, "value": value}]})


def redirect(block: Original, refs: References) -> Made:
    """Says the address: a bot opens nothing by itself."""
    url = refs.text(as_dict(block.settings.get("options")).get("url"))
    if not url:
        raise NoEquivalentError("It names no address.")
    return Made("reply", {"text": url}, ["It is a link here; nothing opens by itself."])


def link(block: Original, refs: References) -> Made:
    """Another flow, to be chosen."""
    return Made("subflow", {}, ["Choose the chatflow to run: import it first."])


def http(block: Original, refs: References) -> Made:
    """What it keeps of the answer is a step of its own behind it (see the reader)."""
    call = as_dict(as_dict(block.settings.get("options")).get("webhook"))
    method = as_text(call.get("method")) or "POST"
    body = refs.text(call.get("body"))
    config: dict[str, Any] = {
        "method": method,
        "url": refs.text(call.get("url")),
        "headers": _pairs(call.get("headers"), refs),
        "query": _pairs(call.get("queryParams"), refs),
    }
    if body and method not in ("GET", "HEAD"):
        config |= {"body": body, "body_type": "json" if body.lstrip().startswith(("{", "[")) else "text"}
    losses = [] if config["url"] else ["The file does not hold its address."]
    return Made("http_request", config, losses)


def _pairs(written: Any, refs: References) -> dict[str, str]:
    pairs = [as_dict(one) for one in as_list(written)]
    return {as_text(one.get("key")): refs.text(one.get("value")) for one in pairs if one.get("key")}


def mail(block: Original, refs: References) -> Made:
    """Goes out by this installation's mailer."""
    options = as_dict(block.settings.get("options"))
    config = {
        "to": [refs.text(one) for one in as_list(options.get("recipients"))],
        "subject": refs.text(options.get("subject")),
        "text": refs.text(options.get("body")),
        "reply_to": refs.text(options.get("replyTo")),
    }
    losses = ["Copies are not sent here."] if options.get("cc") or options.get("bcc") else []
    return Made("email", config, losses)


def model(block: Original, refs: References) -> Made:
    """A model's answer; kept in a variable by a step of its own behind it (see the reader)."""
    options = as_dict(block.settings.get("options"))
    action = as_text(options.get("action") or options.get("task"))
    if action.casefold() not in ("create chat completion", "create chat message"):
        raise NoEquivalentError(f"“{action or 'nothing'}” of {block.type} has no equivalent here.")
    system, prompts, history = [], [], 0
    for one in map(as_dict, as_list(options.get("messages"))):
        role, text = as_text(one.get("role")).casefold(), refs.text(one.get("content"))
        if role.startswith("dialogue") or "messages sequence" in role:
            history = 20
        elif role == "system":
            system.append(text)
        elif text:
            prompts.append(text)
    losses = [f"The model of this installation answers in place of “{as_text(options.get('model')) or block.type}”."]
    system += [text] if (text := refs.text(options.get("systemMessage"))) else []
    config = {"system": "\n\n".join(system), "prompt": "\n\n".join(prompts) or "{{sys.message}}", "history": history}
    return Made("llm", {**config, "is_shown": False, "max_tokens": 2000}, losses)


def kept_values(block: Original, made_id: str, refs: References) -> Made | None:
    """What a call or a model gives, put into variables."""
    options = as_dict(block.settings.get("options"))
    assignments = []
    for one in map(as_dict, as_list(options.get("responseVariableMapping")) + as_list(options.get("responseMapping"))):
        name = refs.variable(one.get("variableId"))
        path = re.sub(r"\[(\d+)\]", r".\1", as_text(one.get("bodyPath"))).removeprefix("data").strip(".")
        if block.type in MODELS:
            value = f"{{{{{made_id}.text}}}}"
        elif re.fullmatch(r"[A-Za-z0-9_\-]*(\.[A-Za-z0-9_\-]+)*", path):
            value = "{{" + ".".join(part for part in (made_id, "body", path) if part) + "}}"
        else:
            continue
        if name:
            assignments.append({"name": name, "how": "set", "value": value})
    return Made("set_variable", {"assignments": assignments}) if assignments else None


MAKERS: Mapping[str, Maker] = {
    "start": start,
    "text": bubble,
    "image": picture,
    "video": medium,
    "embed": medium,
    "audio": medium,
    **dict.fromkeys(KINDS, question),
    "Condition": condition,
    "Set variable": assignment,
    "Redirect": redirect,
    "Typebot link": link,
    "Webhook": http,
    "HTTP request": http,
    "Email": mail,
    **dict.fromkeys(MODELS, model),
}
REASONS: Mapping[str, str] = {
    "Code": "JavaScript does not run here; write it in Python, as a code node.",
    "Script": "JavaScript does not run here; write it in Python, as a code node.",
    "Wait": "A flow does not pause for a time here.",
    "Jump": "A jump is a connection here: draw it in its place.",
    "AB test": "Ways are not chosen by chance here.",
    "payment input": "Payments are not taken in the chat here; a link to a payment page may do.",
}
OTHERWISE = "This service is not part of this installation; an HTTP request may do the same."
