"""What each channel can show, as far as nodes care. `checks` tells of a flow that needs more than its channels can."""

from collections.abc import Mapping

FILES = "files"
BUTTONS = "buttons"
FORMS = "forms"
PEOPLE = "people"
LONG_TEXT = "long_text"

CHANNELS: Mapping[str, frozenset[str]] = {
    "web": frozenset({FILES, BUTTONS, FORMS, PEOPLE, LONG_TEXT}),
    "api": frozenset({FILES, BUTTONS, FORMS, PEOPLE, LONG_TEXT}),
    "telegram": frozenset({FILES, BUTTONS, PEOPLE, LONG_TEXT}),
    "whatsapp": frozenset({FILES, BUTTONS, PEOPLE, LONG_TEXT}),
    "messenger": frozenset({FILES, BUTTONS, PEOPLE}),
    "slack": frozenset({FILES, BUTTONS, LONG_TEXT}),
    "discord": frozenset({FILES, BUTTONS, LONG_TEXT}),
    "email": frozenset({FILES, PEOPLE, LONG_TEXT}),
    "sms": frozenset({PEOPLE}),
}
"""Capabilities by channel."""

CAPABILITY_WORDS: Mapping[str, str] = {
    FILES: "take files",
    BUTTONS: "show buttons",
    FORMS: "show a form",
    PEOPLE: "bring a person in",
    LONG_TEXT: "show long text",
}
