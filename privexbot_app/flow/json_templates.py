"""JSON with references in it. It is read first and filled in afterwards, so that no value can change its shape."""

import json
import re
from collections.abc import Callable
from typing import Any

from privexbot_app.flow.errors import JsonTemplateError
from privexbot_app.flow.values import REFERENCE

_STRING_OR_REFERENCE = re.compile(rf'"(?:[^"\\]|\\.)*+"|{REFERENCE.pattern}')


def parse_json_template(template: str) -> Any:
    """The JSON of a template, its references still in it. Raises JsonTemplateError.

    >>> parse_json_template('{"id": {{ask.answer}}, "note": "for {{vars.name}}"}')
    {'id': '{{ask.answer}}', 'note': 'for {{vars.name}}'}
    """
    quoted = _STRING_OR_REFERENCE.sub(lambda match: match[0] if match[1] is None else json.dumps(match[0]), template)
    try:
        return json.loads(quoted)
    except (ValueError, RecursionError) as error:
        raise JsonTemplateError from error


def fill_json(value: Any, render: Callable[[str], Any]) -> Any:
    """The JSON with every text rendered; a text that is one reference keeps the value's type. Keys stay as written."""
    match value:
        case str():
            return render(value)
        case list():
            return [fill_json(item, render) for item in value]
        case dict():
            return {key: fill_json(item, render) for key, item in value.items()}
    return value
