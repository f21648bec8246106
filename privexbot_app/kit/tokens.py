"""How many tokens a text costs a language model, roughly, without its tokeniser. For budgets, never for bills."""

# English averages a little over four characters per token; other scripts one and a half or fewer.
_ASCII_CHARACTERS_PER_TOKEN = 4.0
_OTHER_CHARACTERS_PER_TOKEN = 1.5


def estimate_tokens(text: str) -> int:
    """Return an estimate that errs on the high side for prose; 0 only for empty text.

    >>> estimate_tokens("Where is my parcel?"), estimate_tokens("退款政策"), estimate_tokens("")
    (5, 3, 0)
    """
    if not text:
        return 0
    ascii_characters = len(text.encode("ascii", "ignore"))
    other = len(text) - ascii_characters
    return max(1, round(ascii_characters / _ASCII_CHARACTERS_PER_TOKEN + other / _OTHER_CHARACTERS_PER_TOKEN))
