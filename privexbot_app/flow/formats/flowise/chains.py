"""What each node of Flowise's chatflows and sequential agents becomes here.

There, a model, a memory and a prompt are nodes that feed a chain; here they are settings of one node. Such parts stay
beside it as placeholders that say so.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from privexbot_app.flow.formats.drawing import Made, NoEquivalentError, Original
from privexbot_app.flow.formats.flowise.conditions import compare
from privexbot_app.flow.formats.flowise.references import References
from privexbot_app.flow.formats.foreign import as_dict, as_list, as_number, as_text, valid_port

Parts = Mapping[str, Original]
Maker = Callable[[Original, References, Parts], Made]
PART_CATEGORIES: Mapping[str, str] = {
    "Cache": "Answers are not cached here.",
    "Chat Models": "The model is a setting of the node that it fed; without a choice, the installation's own.",
    "Document Loaders": "Documents belong into a knowledge base: add them there and choose it.",
    "Embeddings": "The embedding is a setting of a knowledge base.",
    "LLMs": "The model is a setting of the node that it fed; without a choice, the installation's own.",
    "Memory": "How many earlier messages count is a setting of the node that it fed.",
    "Prompts": "The prompt stands in the node that it fed.",
    "Record Manager": "A knowledge base knows itself what has changed.",
    "Response Synthesizer": "How passages become an answer is a setting of the node that it fed.",
    "Retrievers": "How passages are found is a setting of a knowledge base.",
    "Text Splitters": "How documents are cut is a setting of a knowledge base.",
    "Vector Stores": "Documents belong into a knowledge base: add them there and choose it.",
}
PART_TYPES: Mapping[str, str] = {"seqState": "The flow's state is its variables here."}


def chain(node: Original, refs: References, parts: Parts) -> Made:
    """A prompt and a model."""
    inputs = node.settings
    fed = _fed(inputs, parts)
    system, prompts = refs.prompt(inputs.get("systemMessagePrompt") or inputs.get("systemMessage"), {}), []
    for part in fed:
        values = part.settings
        names = _names(values.get("promptValues"), refs)
        if human := values.get("humanMessagePrompt") or values.get("template"):
            prompts.append(refs.prompt(human, names))
        if first := values.get("systemMessagePrompt"):
            system = refs.prompt(first, names)
    config = {"system": system, "prompt": "\n\n".join(prompts) or "{{sys.message}}"}
    return Made("llm", config | _settings(fed), _losses(inputs, parts))


def answer(node: Original, refs: References, parts: Parts) -> Made:
    """Answers from documents; bases of this workspace are to be chosen."""
    inputs = node.settings
    written = as_text(inputs.get("systemMessagePrompt") or inputs.get("responsePrompt"))
    persona = refs.prompt(written.replace("{context}", ""), {})
    settings = _settings(_fed(inputs, parts))
    losses = [*_losses(inputs, parts), "Choose knowledge bases of this workspace in place of its documents."]
    return Made("answer", {"persona": persona, "grounding": "guided", **settings}, losses)


def sequential_llm(node: Original, refs: References, parts: Parts) -> Made:
    """One agent of a sequence; one that chooses tools has no equivalent."""
    inputs = node.settings
    if inputs.get("tools"):
        raise NoEquivalentError("Agents that choose tools themselves have no equivalent; draw their steps.")
    if inputs.get("llmStructuredOutput"):
        raise NoEquivalentError("Its structured answer must be drawn anew, with “Extract fields”.")
    names = _names(inputs.get("promptValues"), refs)
    config = {
        "system": refs.prompt(inputs.get("systemMessagePrompt"), names),
        "prompt": refs.prompt(inputs.get("humanMessagePrompt"), names) or "{{sys.message}}",
        "history": 20,
        "max_tokens": 2000,
    }
    losses = []
    if as_text(inputs.get("updateStateMemoryUI")) or as_text(inputs.get("updateStateMemoryCode")):
        losses.append("What it writes into the flow's state is lost: set a variable behind it.")
    return Made("llm", config, losses)


def start(node: Original, refs: References, parts: Parts) -> Made:
    """Its model and memory are settings of the nodes behind it."""
    return Made("trigger")


def end(node: Original, refs: References, parts: Parts) -> Made:
    """Ends a way."""
    return Made("end")


def condition(node: Original, refs: References, parts: Parts) -> Made:
    """Each row of its table is a way; the rest ends."""
    try:
        rows = json.loads(as_text(node.settings.get("conditionUI")) or "[]")
    except (ValueError, RecursionError) as error:
        raise NoEquivalentError("Its table of conditions cannot be read.") from error
    if not as_list(rows):
        raise NoEquivalentError("JavaScript does not run here; write its condition anew.")
    cases: dict[str, dict[str, Any]] = {}
    for row in map(as_dict, rows):
        id = valid_port(as_text(row.get("output")).casefold())
        comparison = compare(row.get("variable"), row.get("operation"), row.get("value"), refs)
        cases.setdefault(id, {"id": id, "all": False, "comparisons": []})["comparisons"].append(comparison)
    return Made("condition", {"cases": list(cases.values())})


def _fed(inputs: Mapping[str, Any], parts: Parts) -> list[Original]:
    """The nodes that feed this one."""
    named = []
    for value in inputs.values():
        for text in value if isinstance(value, list) else [value]:
            id = as_text(text).strip("{} ").partition(".")[0]
            if id in parts:
                named.append(parts[id])
    return named


def _settings(fed: list[Original]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for part in fed:
        values |= {
            name: part.settings[name] for name in ("temperature", "maxTokens", "modelName") if part.settings.get(name)
        }
    has_memory = any("memory" in part.type.casefold() for part in fed)
    return {
        "temperature": min(max(as_number(values.get("temperature"), 0.2), 0), 2),
        "max_tokens": min(max(int(as_number(values.get("maxTokens"), 2000)), 1), 32_000),
        "history": 20 if has_memory else 0,
    }


def _losses(inputs: Mapping[str, Any], parts: Parts) -> list[str]:
    lost = {"outputParser": "the form of its answer", "inputModeration": "the moderation of what it reads"}
    return [f"Without an equivalent: {what}." for name, what in lost.items() if inputs.get(name)]


def _names(written: Any, refs: References) -> dict[str, str]:
    """What words in single braces stand for: JSON of name → text with references."""
    try:
        values = json.loads(written) if isinstance(written, str) and written else written
    except (ValueError, RecursionError):
        return {}
    return {name: refs.text(value) for name, value in as_dict(values).items() if value}


MAKERS: Mapping[str, Maker] = {
    "llmChain": chain,
    "conversationChain": chain,
    "simpleChatEngine": chain,
    "conversationalRetrievalQAChain": answer,
    "retrievalQAChain": answer,
    "vectorDBQAChain": answer,
    "multiRetrievalQAChain": answer,
    "contextChatEngine": answer,
    "queryEngine": answer,
    "subQuestionQueryEngine": answer,
    "seqStart": start,
    "seqEnd": end,
    "seqLLMNode": sequential_llm,
    "seqAgent": sequential_llm,
    "seqCondition": condition,
}
REASONS: Mapping[str, str] = {
    "seqLoop": "A flow does not lead back here: put what repeats into a loop.",
    "seqConditionAgent": "A model that chooses a way is a classifier here; name its classes anew.",
    "seqCustomFunction": "JavaScript does not run here; write it in Python, as a code node.",
    "customFunction": "JavaScript does not run here; write it in Python, as a code node.",
    "ifElseFunction": "JavaScript does not run here; use a condition.",
    "supervisor": "Agents that lead other agents have no equivalent; draw their steps.",
    "worker": "Agents that lead other agents have no equivalent; draw their steps.",
}
REASONS_BY_CATEGORY: Mapping[str, str] = {
    "Agents": "Agents that choose tools themselves have no equivalent; draw their steps.",
    "Tools": "Flowise's tools are not part of this installation; an HTTP request may do the same.",
    "Moderation": "Messages are not moderated by a step of the flow here.",
    "Output Parsers": "The form of an answer is given by the fields of “Extract fields” here.",
}
OTHERWISE = "It has no equivalent here."
