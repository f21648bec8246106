"""Jinja → Liquid, for what both can say. Anything else has no equivalent, and that is said."""

import re
from collections.abc import Mapping

from privexbot_app.flow.errors import TemplateInvalidError
from privexbot_app.flow.formats.drawing import NoEquivalentError

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_WORDS = (
    (re.compile(r"^(\{%-?\s*)elif\b"), r"\1elsif"),
    (re.compile(r"^(\{%-?\s*)set\b"), r"\1assign"),
    (re.compile(r"\bloop\.(index0|index|first|last|length)\b"), r"forloop.\1"),
    (re.compile(r"\|\s*length\b"), "| size"),
    (re.compile(r"\|\s*tojson\b(\(\s*\))?"), "| json"),
    (re.compile(r"\|\s*lower\b"), "| downcase"),
    (re.compile(r"\|\s*upper\b"), "| upcase"),
    (re.compile(r"\|\s*trim\b"), "| strip"),
    (re.compile(r"\|\s*(default|join|replace)\s*\(([^()]*)\)"), r"| \1: \2"),
)
_CALL = re.compile(r"[\w\]]\s*\(|\[[^\]]*:|~|\*\*|//|\bis\s+(?:not\s+)?\w+|\bif\b.+\belse\b|\bnot\s+\w")
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")


def to_liquid(source: str, names: Mapping[str, str]) -> str:
    """The template in Liquid. names: what its words stand for, as paths. Raises NoEquivalentError.

    >>> to_liquid("{% if a %}{{ a | length }}{% elif b %}b{% endif %}", {"a": "find.rows"})
    '{% assign a = find.rows %}{% if a %}{{ a | size }}{% elsif b %}b{% endif %}'
    """
    from privexbot_app.flow import liquid_sandbox  # noqa: PLC0415 - Liquid takes a while, and few files need it

    written = _TAG.sub(lambda match: _translate(match[0]), source)
    head = "".join(f"{{% assign {name} = {path} %}}" for name, path in names.items() if name != path)
    try:
        liquid_sandbox.parse(head + written)
    except TemplateInvalidError as error:
        raise NoEquivalentError(f"Its Jinja template cannot be said in Liquid: {error.message}") from error
    return head + written


def _translate(tag: str) -> str:
    for pattern, written in _WORDS:
        tag = pattern.sub(written, tag)
    bare = _STRING.sub("", tag)
    if found := _CALL.search(bare):
        raise NoEquivalentError(f"Its Jinja template uses “{found[0].strip()}”, which Liquid does not know.")
    return tag
