"""Parts of pydantic models that every room uses."""

from pydantic import BeforeValidator


def _without_ends(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


Trimmed = BeforeValidator(_without_ends)
"""Takes white space off both ends of a text before its length is judged."""
