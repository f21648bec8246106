"""Text and questions as a full-text index stores and asks them. One tokeniser for both sides, for any language.

The words themselves are `kit.words`; storing and ranking them is `integrations.vector_stores`.
"""

from privexbot_app.kit.words import informative, tokenize

__all__ = ["index_text", "match_query", "tokenize"]

# A pasted essay is no better a query than its first words, and each word costs the index a lookup.
MAX_QUERY_TOKENS = 64


def index_text(text: str) -> str:
    """Return the tokens of the text, joined by spaces, for a full-text column.

    >>> index_text("Refunds: 退款政策")
    'refund 退款 款政 政策'
    """
    return " ".join(tokenize(text))


def match_query(question: str) -> list[str]:
    """Return the distinct tokens worth asking for, in order, at most MAX_QUERY_TOKENS; any of them may match.

    Stop words are left out, unless nothing else is there. Empty where the question has no word at all. Tokens hold
    letters, digits and vowel signs only, never quotes or operators.

    >>> match_query("What is the refund policy?")
    ['refund', 'policy']
    """
    return informative(tokenize(question))[:MAX_QUERY_TOKENS]
