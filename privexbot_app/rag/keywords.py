"""Text and questions as a full-text index stores and asks them. One tokeniser for both sides, for any language.

The words themselves are `kit.words`; storing and ranking them is `integrations.vector_stores`.
"""

from privexbot_app.kit.words import informative, tokenize

__all__ = ["index_text", "match_query", "tokenize", "weigh_query"]

# A pasted essay is no better a query than its first words, and each word costs the index a lookup.
MAX_QUERY_TOKENS = 64
# The lines before the last of a question are what was said before it.
EARLIER_LINE_WEIGHT = 0.65


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


def weigh_query(question: str) -> dict[str, float]:
    """Return the words of `match_query` with their weights: those of the last line count in full, others for less.

    >>> weigh_query("Refund policy?\\nHow long is the refund?")
    {'refund': 1.0, 'policy': 0.65, 'long': 1.0}
    """
    last = frozenset(tokenize(question.strip().rpartition("\n")[2]))
    return {word: 1.0 if word in last else EARLIER_LINE_WEIGHT for word in match_query(question)}
