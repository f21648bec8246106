"""The kinds of bot."""

from enum import StrEnum


class BotKind(StrEnum):
    """What answers: a form's settings, or a graph."""

    CHATBOT = "chatbot"
    CHATFLOW = "chatflow"
