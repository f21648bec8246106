"""The builder's form as a flat table of texts: which fields there are, and how they become a configuration. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from privexbot_app.domains.bots.schemas import BotConfig
from privexbot_app.kit.errors import FieldProblem

DEFAULT_PROVIDER = "default"
AS_SET = "as-set"
"""Stand-ins for “nothing chosen”, as a select cannot hold an empty value."""

KNOWLEDGE = "knowledge_bases"
LONGEST_VALUE = 25_000


@dataclass(frozen=True)
class Field:
    """One field of the form. read: what was typed → what the configuration takes; None where the text is taken."""

    tab: str
    read: Callable[[str], Any] = str


def _optional(text: str) -> str | None:
    return text.strip() or None


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _pairs(text: str) -> dict[str, str]:
    """
    >>> _pairs("Send = Ask away\\nno sign")
    {'Send': 'Ask away', 'no sign': ''}
    """
    return {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in _lines(text))}


def _rules(text: str) -> list[dict[str, str]]:
    """
    >>> _rules("delay | 20 | /prices | Any questions?")
    [{'trigger': 'delay', 'value': '20', 'url_contains': '/prices', 'message': 'Any questions?'}]
    """
    names = ("trigger", "value", "url_contains", "message")
    return [dict(zip(names, map(str.strip, line.split("|", 3)), strict=False)) for line in _lines(text)]


FIELDS: dict[str, Field] = {
    "name": Field("general"),
    "description": Field("general"),
    "greeting": Field("general"),
    "suggested_questions": Field("general", _lines),
    "system_prompt": Field("instructions"),
    "grounding": Field("instructions"),
    KNOWLEDGE: Field("knowledge", lambda text: [{"kb_id": line} for line in _lines(text)]),
    "retrieval.limit": Field("knowledge"),
    "retrieval.mode": Field("knowledge", lambda text: None if text == AS_SET else text),
    "llm.provider": Field("model", lambda text: "" if text == DEFAULT_PROVIDER else text),
    "llm.model": Field("model", _optional),
    "llm.temperature": Field("model"),
    "llm.max_tokens": Field("model"),
    "memory.max_messages": Field("model"),
    "appearance.color": Field("appearance"),
    "appearance.theme": Field("appearance"),
    "appearance.position": Field("appearance"),
    "appearance.title": Field("appearance", _optional),
    "appearance.avatar_url": Field("appearance", _optional),
    "appearance.language": Field("appearance", lambda text: None if text == AS_SET else text),
    "appearance.texts": Field("appearance", _pairs),
    "consent.is_asked": Field("visitors"),
    "consent.text": Field("visitors", _optional),
    "consent.url": Field("visitors", _optional),
    "lead_capture.is_enabled": Field("visitors"),
    "lead_capture.when": Field("visitors"),
    "lead_capture.after_messages": Field("visitors"),
    "lead_capture.is_required": Field("visitors"),
    "lead_capture.fields": Field("visitors", _lines),
    "lead_capture.message": Field("visitors", _optional),
    "lead_capture.consent_text": Field("visitors"),
    "proactive": Field("visitors", _rules),
    "page.title": Field("page", _optional),
    "page.logo_url": Field("page", _optional),
    "page.is_listed": Field("page"),
    "page.password": Field("page", _optional),
    "allowed_origins": Field("access", _lines),
}

SENTENCES = {
    "string_too_long": "This is too long.",
    "too_long": "There are too many lines.",
    "int_parsing": "Enter a whole number.",
    "int_from_float": "Enter a whole number.",
    "float_parsing": "Enter a number.",
    "greater_than_equal": "This number is too small.",
    "less_than_equal": "This number is too large.",
    "string_pattern_mismatch": "Enter a colour such as #4f46e5.",
    "url_parsing": "Enter an address such as https://example.com/picture.png.",
    "literal_error": "Use one of the words that are offered.",
    "missing": "Something is missing in a line.",
}
"""What people read instead of the validator's words."""


def to_texts(config: BotConfig) -> dict[str, str]:
    """The form's texts for a configuration."""
    stored = config.model_dump(mode="json")
    texts = {path: _to_text(_dig(stored, path)) for path in FIELDS}
    texts[KNOWLEDGE] = "\n".join(str(choice.kb_id) for choice in config.knowledge_bases)
    texts["retrieval.mode"] = texts["retrieval.mode"] or AS_SET
    texts["llm.provider"] = texts["llm.provider"] or DEFAULT_PROVIDER
    texts["appearance.language"] = texts["appearance.language"] or AS_SET
    texts["appearance.texts"] = "\n".join(f"{key} = {value}" for key, value in config.appearance.texts.items())
    texts["proactive"] = "\n".join(
        f"{rule.trigger} | {rule.value} | {rule.url_contains} | {rule.message}" for rule in config.proactive
    )
    return texts


def to_change(texts: dict[str, str], paths: Iterable[str]) -> dict[str, Any]:
    """The nested fields that `BotDraftService.change` takes, for some paths.

    >>> to_change({"llm.model": " ", "name": "Help desk"}, ["llm.model", "name"])
    {'llm': {'model': None}, 'name': 'Help desk'}
    """
    change: dict[str, Any] = {}
    for path in paths:
        part, _, leaf = path.rpartition(".")
        value = FIELDS[path].read(texts[path])
        if part:
            change.setdefault(part, {})[leaf] = value
        else:
            change[leaf] = value
    return change


def field_of(problem_path: str) -> str:
    """The field that a problem belongs to.

    >>> field_of("suggested_questions.2"), field_of("llm.max_tokens"), field_of("channels.0")
    ('suggested_questions', 'llm.max_tokens', '')
    """
    steps = problem_path.split(".")
    return next((path for path in (".".join(steps[:2]), steps[0]) if path in FIELDS), "")


def tab_of(path: str) -> str:
    """The tab that a field is on."""
    return FIELDS[path].tab if path in FIELDS else "general"


def sentences_by_field(problems: Iterable[FieldProblem]) -> dict[str, str]:
    """The first problem of each field, in words for people."""
    found: dict[str, str] = {}
    for problem in problems:
        found.setdefault(field_of(problem.field), SENTENCES.get(problem.code, problem.message))
    return found


def element_id(path: str) -> str:
    """The HTML id of a field's control."""
    return f"field-{path.replace('.', '-').replace('_', '-')}"


def _dig(stored: dict[str, Any], path: str) -> Any:
    for step in path.split("."):
        stored = stored[step]
    return stored


def _to_text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(str(line) for line in value)
    return "" if value is None else str(value)
